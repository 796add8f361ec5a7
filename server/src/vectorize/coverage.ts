import { VECTORIZE_MODES, type Coverage, type VectorizeMode } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'
import type { DocumentSource } from '../datashare/source.ts'
import type { Generation, Generations } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import { isDue, isStale, storedDocuments } from './plan.ts'

const FRESH_MS = 10_000
/** A scan that takes long is repeated rarely: at most a sixth of the time goes into it. */
const FRESH_PER_SCAN = 5
const DEADLINE_MS = 600_000
const NOTHING: Workload = { documents: 0, characters: 0 }

export interface ProjectCoverage {
  readonly coverage: Coverage
  /** What each mode of vectorizing would do now. */
  readonly todo: Readonly<Record<VectorizeMode, Workload>>
}

export interface Workload {
  readonly documents: number
  readonly characters: number
}

interface Known {
  readonly key: string
  readonly result: Promise<ProjectCoverage>
  /** Infinite while the scan runs. */
  freshUntil: number
}

/**
 * What is vectorized of a project, as the difference between Datashare's documents and the store's rows.
 * `vectorized + empty + failed + missing = documents`; stale and truncated ones are among the vectorized, empty and failed.
 * Errors: SimilarityError elasticsearch_unreachable | elasticsearch_refused | index_missing.
 */
export function createCoverage({ source, store, generations }: { source: DocumentSource, store: VectorStore, generations: Generations }) {
  const known = new Map<ProjectName, Known>()

  return async (project: ProjectName): Promise<ProjectCoverage> => {
    const generation = await generations.current(project)
    const key = generation === null ? 'none' : `${generation.id} ${generation.updatedAt}`
    const before = known.get(project)
    if (before?.key === key && before.freshUntil > performance.now()) return before.result

    const started = performance.now()
    // The next scan of the project starts when the one before has ended, however the generation changes meanwhile.
    const result = Promise.resolve(before?.result).catch(() => undefined).then(() => compare(source, store, project, generation))
    const entry: Known = { key, result, freshUntil: Infinity }
    known.set(project, entry)
    result.then(
      () => {
        const ended = performance.now()
        entry.freshUntil = ended + Math.max(FRESH_MS, (ended - started) * FRESH_PER_SCAN)
      },
      () => {
        if (known.get(project) === entry) known.delete(project)
      },
    )
    return result
  }
}

async function compare(source: DocumentSource, store: VectorStore, project: ProjectName, generation: Generation | null): Promise<ProjectCoverage> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const counts = { documents: 0, vectorized: 0, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0 }
  if (generation === null) {
    const { documents, characters } = await source.count(project, signal)
    const all = { documents, characters }
    return { coverage: { ...counts, documents, missing: documents }, todo: { update: all, rebuild: all, failed: NOTHING } }
  }
  const todo = { update: { ...NOTHING }, rebuild: { ...NOTHING }, failed: { ...NOTHING } }
  const stored = await storedDocuments(store, generation, signal)
  for await (const page of source.scan(project, signal)) {
    for (const ref of page) {
      const row = stored.find(ref.id)
      counts.documents++
      counts[row?.status ?? 'missing']++
      if (row?.truncated === true) counts.truncated++
      if (row !== undefined && isStale(ref, row)) counts.stale++
      for (const mode of VECTORIZE_MODES) {
        // A rebuild starts from nothing.
        if (!isDue(ref, mode === 'rebuild' ? undefined : row, mode)) continue
        todo[mode].documents++
        todo[mode].characters += ref.characters
      }
    }
  }
  return { coverage: counts, todo }
}
