import type { TaskPhase } from '@datashare-similarity/shared'
import type { Generation, Generations } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import type { Patiently } from './patience.ts'

const PAIRS = 1_000
/** Fewer pairs say nothing about what is usual. */
const ENOUGH_PAIRS = 30

export interface FinishVectorization {
  readonly store: VectorStore
  readonly generations: Generations
  readonly generation: Generation
  readonly signal: AbortSignal
  readonly patiently: Patiently
  readonly onPhase: (phase: TaskPhase) => Promise<void>
}

/** Builds the indices, measures what unrelated passages look like, and swaps a new generation in. Only for a generation whose batches are all done. */
export async function finishVectorization({ store, generations, generation, signal, patiently, onPhase }: FinishVectorization): Promise<void> {
  await onPhase('indexing')
  await patiently(() => store.maintain(generation, signal))
  await onPhase('verifying')
  const cosines = await patiently(() => store.randomPairs(generation, PAIRS))
  if (cosines.length >= ENOUGH_PAIRS) await generations.calibrate(generation.id, calibrate(cosines))
  signal.throwIfAborted()
  await generations.makeCurrent(generation.id)
}

function calibrate(cosines: readonly number[]): { mean: number, deviation: number } {
  const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length
  const variance = cosines.reduce((sum, cosine) => sum + (cosine - mean) ** 2, 0) / cosines.length
  return { mean, deviation: Math.sqrt(variance) }
}
