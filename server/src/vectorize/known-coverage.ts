import { setTimeout as delay } from 'node:timers/promises'
import { SimilarityError, type Coverage, type ErrorCode } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'
import type { DocumentSource } from '../datashare/source.ts'
import type { Generations } from '../store/generation.ts'
import type { StoreStatistics, VectorStore } from '../store/store.ts'
import type { ProjectCoverage } from './coverage.ts'

/** How long the first search of a project, and its page, wait for a comparison. It goes on beside, for the next one who asks. */
const SEARCH_WAITS_MS = 300
const PAGE_WAITS_MS = 2_000

export interface KnownCoverage {
  readonly coverage: Coverage
  /** Why it is not the comparison with Elasticsearch as of now: it takes long, or Elasticsearch could not be asked. */
  readonly note: 'coverage_pending' | ErrorCode | null
}

interface Parts {
  readonly coverage: (project: ProjectName) => Promise<ProjectCoverage>
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly generations: Generations
}

/** Coverage that always answers soon: compared with Elasticsearch where that is quick, else what was last known. */
export function createKnownCoverage({ coverage, source, store, generations }: Parts) {
  const last = new Map<ProjectName, KnownCoverage & { readonly content: string }>()
  /** Changes with what a project's vectors hold. */
  const contentOf = async (project: ProjectName): Promise<string> => {
    const generation = await generations.current(project)
    return generation === null ? 'none' : `${generation.id} ${generation.updatedAt}`
  }

  const compare = async (project: ProjectName): Promise<KnownCoverage> => {
    const content = await contentOf(project)
    try {
      return remember(project, { content, coverage: (await coverage(project)).coverage, note: null })
    } catch (error) {
      if (!(error instanceof SimilarityError)) throw error
      return remember(project, { content, coverage: last.get(project)?.coverage ?? await counted(project), note: error.code })
    }
  }

  const remember = (project: ProjectName, known: KnownCoverage & { content: string }): KnownCoverage => {
    last.set(project, known)
    return known
  }

  const counted = async (project: ProjectName): Promise<Coverage> => {
    const generation = await generations.current(project)
    const [statistics, documents] = await Promise.all([generation === null ? null : store.statistics(generation), countSoon(source, project)])
    return countedCoverage(statistics, documents)
  }

  const within = async (project: ProjectName, milliseconds: number): Promise<KnownCoverage> => {
    const patience = new AbortController()
    const late = delay(milliseconds, null, { signal: patience.signal }).catch(() => null)
    const known = await Promise.race([compare(project), late])
    patience.abort()
    const before = last.get(project)
    return known ?? { coverage: before?.coverage ?? await counted(project), note: before?.note ?? 'coverage_pending' }
  }

  return {
    forPage: async (project: ProjectName): Promise<KnownCoverage> => {
      const { coverage: found, note } = await within(project, PAGE_WAITS_MS)
      return { coverage: found, note }
    },
    /** Of the projects that somebody has asked for. */
    lastKnown: (): ReadonlyMap<ProjectName, KnownCoverage> => last,
    /** Of what has not changed since, what is known is told at once, and compared beside. */
    forSearch: async (project: ProjectName): Promise<Coverage> => {
      const before = last.get(project)
      if (before?.content !== await contentOf(project)) return (await within(project, SEARCH_WAITS_MS)).coverage
      compare(project).catch(() => undefined)
      return before.coverage
    },
  }
}

/** Zero where Elasticsearch does not say at once. */
const countSoon = (source: DocumentSource, project: ProjectName): Promise<number> =>
  source.count(project, AbortSignal.timeout(SEARCH_WAITS_MS)).then(({ documents }) => documents, () => 0)

/** By numbers alone: which documents are missing is not known, and none is called stale. */
function countedCoverage(statistics: StoreStatistics | null, counted: number): Coverage {
  const { vectorized, empty, failed, truncated } = statistics?.documents ?? { vectorized: 0, empty: 0, failed: 0, truncated: 0 }
  const stored = vectorized + empty + failed
  const documents = Math.max(stored, counted)
  return { documents, vectorized, empty, failed, missing: documents - stored, stale: 0, truncated }
}
