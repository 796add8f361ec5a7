import type { Coverage, Project } from '@datashare-similarity/shared'
import type { GrantedProject } from '../datashare/access.ts'
import { foreignTo, type EmbeddingModel } from '../embedding/model.ts'
import type { Generation } from '../store/generation.ts'
import type { StoreStatistics } from '../store/store.ts'
import type { KnownCoverage } from '../vectorize/known-coverage.ts'
import type { Companion } from './companion.ts'

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
  const model = models.find(({ id }) => id === modelId)
  const spoken = model?.languages ?? []
  return {
    project: project.name,
    permissions: { vectorize: permissions.vectorize, wipe: permissions.wipe, admin: permissions.admin },
    model: { id: modelId, dimensions: generation?.dimensions ?? model?.dimensions ?? 0, languages: [...spoken] },
    generation: generation?.id ?? null,
    coverage,
    passages: statistics.passages,
    bytes: statistics.bytes,
    languages: { ...statistics.languages },
    advice: [...adviceFor(note, generation === null, coverage, statistics.languages, spoken), ...modelAdvice(generation, model)],
    task,
    evaluation: generation?.evaluation ?? null,
    updatedAt: generation?.updatedAt ?? null,
  }
}

function adviceFor(note: KnownCoverage['note'], never: boolean, coverage: Coverage, languages: Readonly<Record<string, number>>, spoken: readonly string[]): string[] {
  const foreign = foreignTo({ languages: spoken }, Object.keys(languages))
  return [
    ...(note === null ? [] : [note]),
    ...(never ? ['never_vectorized'] : []),
    ...(!never && coverage.missing + coverage.stale > 0 ? ['partly_vectorized'] : []),
    ...(foreign.length > 0 ? ['model_language_mismatch'] : []),
  ]
}

/** Whether the project's vectors can be searched with what is there of their model. */
function modelAdvice(generation: Generation | null, model: EmbeddingModel & { installed: boolean } | undefined): string[] {
  if (generation === null) return []
  if (model?.installed !== true) return ['model_not_installed']
  return model.revision === generation.modelRevision ? [] : ['model_outdated']
}
