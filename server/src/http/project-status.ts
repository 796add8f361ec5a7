import type { Coverage, Project } from '@datashare-similarity/shared'
import type { GrantedProject } from '../datashare/access.ts'
import type { StoreStatistics } from '../store/store.ts'
import type { KnownCoverage } from '../vectorize/known-coverage.ts'
import type { Companion } from './companion.ts'

/** Datashare's names of languages and the models' codes, for the fit of a model; others count as unknown. */
const LANGUAGE_CODES: Readonly<Record<string, string>> = {
  ARABIC: 'ar', CHINESE: 'zh', DUTCH: 'nl', ENGLISH: 'en', FRENCH: 'fr', GERMAN: 'de', GREEK: 'el', ITALIAN: 'it', JAPANESE: 'ja', KOREAN: 'ko',
  POLISH: 'pl', PORTUGUESE: 'pt', RUSSIAN: 'ru', SPANISH: 'es', TURKISH: 'tr', UKRAINIAN: 'uk',
}

const NOTHING: StoreStatistics = { documents: { vectorized: 0, empty: 0, failed: 0, truncated: 0 }, passages: 0, bytes: 0, languages: {} }

/** State, coverage and latest task of a project, as its page shows them. */
export async function projectStatus(companion: Companion, project: GrantedProject): Promise<Project> {
  const generation = await companion.generations.current(project.name)
  const [permissions, { coverage, note }, statistics, task, models] = await Promise.all([
    project.caller.permissions(project),
    companion.coverage(project.name),
    generation === null ? NOTHING : companion.store.statistics(generation),
    companion.engine.latest(project),
    companion.embedders.models(),
  ])
  const modelId = generation?.modelId ?? companion.embedders.defaultModel.id
  const model = models.find(({ id }) => id === modelId) ?? companion.embedders.defaultModel
  return {
    project: project.name,
    permissions: { vectorize: permissions.vectorize, wipe: permissions.wipe },
    model: { id: model.id, dimensions: model.dimensions, languages: [...model.languages] },
    generation: generation?.id ?? null,
    coverage,
    passages: statistics.passages,
    bytes: statistics.bytes,
    languages: { ...statistics.languages },
    advice: adviceFor(note, generation === null, coverage, statistics.languages, model.languages),
    task,
    updatedAt: generation?.updatedAt ?? null,
  }
}

function adviceFor(note: KnownCoverage['note'], never: boolean, coverage: Coverage, languages: Readonly<Record<string, number>>, spoken: readonly string[]): string[] {
  const foreign = Object.keys(languages).filter(language => !spoken.includes('*') && !spoken.includes(LANGUAGE_CODES[language] ?? ''))
  return [
    ...(note === null ? [] : [note]),
    ...(never ? ['never_vectorized'] : []),
    ...(!never && coverage.missing + coverage.stale > 0 ? ['partly_vectorized'] : []),
    ...(foreign.length > 0 ? ['model_language_mismatch'] : []),
  ]
}
