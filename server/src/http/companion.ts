import type { Estimate, Evaluation, SimilarAnswer, SimilarQuery, VectorizeMode } from '@datashare-similarity/shared'
import type { AccessCheck, GrantedProject, ProjectName } from '../datashare/access.ts'
import type { Hydrator } from '../datashare/hydrate.ts'
import type { DocumentSource } from '../datashare/source.ts'
import type { Embedders } from '../embedding/embedder.ts'
import type { Generations } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import type { TaskEngine } from '../tasks/engine.ts'
import type { KnownCoverage } from '../vectorize/known-coverage.ts'
import type { FairQueue } from './fair-queue.ts'

/** What the handlers work with; the composition root fills it. */
export interface Companion {
  readonly version: string
  readonly access: AccessCheck
  readonly hydrator: Hydrator
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly generations: Generations
  readonly engine: TaskEngine
  readonly coverage: (project: ProjectName) => Promise<KnownCoverage>
  readonly estimate: (project: ProjectName, of: { mode: VectorizeMode, model?: string | undefined }) => Promise<Estimate>
  readonly evaluate: (project: GrantedProject, signal: AbortSignal) => Promise<Evaluation>
  /** The turns of the searches. */
  readonly searches: FairQueue
  readonly findMostSimilar: (project: GrantedProject, query: SimilarQuery, signal: AbortSignal) => Promise<SimilarAnswer>
}
