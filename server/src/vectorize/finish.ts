import type { TaskPhase } from '@datashare-similarity/shared'
import type { Embedder } from '../embedding/embedder.ts'
import type { Generation, Generations } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import { calibrate } from './calibrate.ts'
import type { Patiently } from './patience.ts'

/** Passages that say what is usual in a project. */
const SAMPLE = 1_200

export interface FinishVectorization {
  readonly store: VectorStore
  readonly generations: Generations
  readonly generation: Generation
  readonly embedder: Embedder
  readonly signal: AbortSignal
  readonly patiently: Patiently
  readonly onPhase: (phase: TaskPhase) => Promise<void>
}

/** Builds the indices, measures what unrelated passages look like, and swaps a new generation in. Only for a generation whose batches are all done. */
export async function finishVectorization({ store, generations, generation, embedder, signal, patiently, onPhase }: FinishVectorization): Promise<void> {
  await onPhase('indexing')
  await patiently(() => store.maintain(generation, signal))
  await onPhase('verifying')
  const sample = await patiently(() => store.samplePassages(generation, SAMPLE))
  const calibration = await patiently(() => calibrate(sample, embedder, signal))
  if (calibration !== null) await patiently(() => generations.calibrate(generation.id, calibration))
  await patiently(() => generations.makeCurrent(generation.id))
}
