import { SimilarityError, type Coverage, type ErrorCode } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'
import type { Generations } from '../store/generation.ts'
import type { StoreStatistics, VectorStore } from '../store/store.ts'
import type { ProjectCoverage } from './coverage.ts'

export interface KnownCoverage {
  readonly coverage: Coverage
  /** Why Elasticsearch could not be asked; then the coverage is what the store alone knows. */
  readonly fault: ErrorCode | null
}

interface Parts {
  readonly coverage: (project: ProjectName) => Promise<ProjectCoverage>
  readonly store: VectorStore
  readonly generations: Generations
}

/**
 * Coverage that always answers. `now` compares with Elasticsearch, as the page of a project shows it;
 * `recent` gives a search the last comparison at once and renews it beside, because no search waits for a scan of millions.
 */
export function createKnownCoverage({ coverage, store, generations }: Parts) {
  const last = new Map<ProjectName, KnownCoverage>()

  const now = async (project: ProjectName): Promise<KnownCoverage> => {
    const known = await compared(project)
    last.set(project, known)
    return known
  }

  const compared = async (project: ProjectName): Promise<KnownCoverage> => {
    try {
      return { coverage: (await coverage(project)).coverage, fault: null }
    } catch (error) {
      if (!(error instanceof SimilarityError)) throw error
      const generation = await generations.current(project)
      return { coverage: storedCoverage(generation === null ? null : await store.statistics(generation)), fault: error.code }
    }
  }

  const recent = async (project: ProjectName): Promise<Coverage> => {
    const before = last.get(project)
    const renewed = now(project)
    if (before === undefined) return (await renewed).coverage
    // A failing renewal shows itself where the next answer is awaited.
    renewed.catch(() => undefined)
    return before.coverage
  }

  return { now, recent }
}

/** Nothing missing is claimed, nothing stale either. */
function storedCoverage(statistics: StoreStatistics | null): Coverage {
  const { vectorized, empty, failed, truncated } = statistics?.documents ?? { vectorized: 0, empty: 0, failed: 0, truncated: 0 }
  return { documents: vectorized + empty + failed, vectorized, empty, failed, missing: 0, stale: 0, truncated }
}
