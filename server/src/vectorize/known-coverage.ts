import { setTimeout as delay } from 'node:timers/promises'
import { SimilarityError, type Coverage, type ErrorCode } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'
import type { Generations } from '../store/generation.ts'
import type { StoreStatistics, VectorStore } from '../store/store.ts'
import type { ProjectCoverage } from './coverage.ts'

/** A comparison of some ten thousand documents takes about this long. */
const PATIENCE_MS = 300

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
 * `recent` waits a moment, then gives the last comparison while the new one goes on: no search waits for a scan of millions.
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
    const patience = new AbortController()
    const known = await Promise.race([renewed, delay(PATIENCE_MS, before, { signal: patience.signal }).catch(() => before)])
    patience.abort()
    return known.coverage
  }

  return { now, recent }
}

/** Nothing missing is claimed, nothing stale either. */
function storedCoverage(statistics: StoreStatistics | null): Coverage {
  const { vectorized, empty, failed, truncated } = statistics?.documents ?? { vectorized: 0, empty: 0, failed: 0, truncated: 0 }
  return { documents: vectorized + empty + failed, vectorized, empty, failed, missing: 0, stale: 0, truncated }
}
