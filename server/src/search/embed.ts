import { SimilarityError, type ErrorCode, type SimilarQuery } from '@datashare-similarity/shared'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import type { Generation } from '../store/generation.ts'

/** Asks the generation's model; null where it is not available and the search goes on by words. */
export type Embed = <T>(ask: (embedder: Embedder) => Promise<T>) => Promise<T | null>

export interface Embedding {
  readonly embed: Embed
  /** True after a request for the model went unanswered. */
  readonly isDegraded: () => boolean
}

/** Faults of the model beside which words still find something. */
const WITHOUT_MODEL: readonly ErrorCode[] = ['embedder_unavailable', 'model_missing', 'model_changed', 'model_tampered', 'model_refused']

/** For one request. @throws SimilarityError embedder_unavailable | model_missing | model_changed | model_tampered | model_refused in mode "meaning" */
export function embedding(embedders: Embedders, generation: Generation, mode: SimilarQuery['mode'], signal: AbortSignal): Embedding {
  let degraded = false
  return {
    isDegraded: () => degraded,
    async embed(ask) {
      try {
        return await ask(await embedderOf(embedders, generation, signal))
      } catch (error) {
        if (mode === 'meaning' || !(error instanceof SimilarityError) || !WITHOUT_MODEL.includes(error.code)) throw error
        degraded = true
        return null
      }
    },
  }
}

/** Vectors of another model or version lie in another space: comparing them would find something, and mean nothing. */
export async function embedderOf(embedders: Embedders, { modelId, modelRevision }: Generation, signal: AbortSignal): Promise<Embedder> {
  const embedder = await embedders.get(modelId, signal).catch((error: unknown) => {
    if (!(error instanceof SimilarityError) || error.code !== 'model_unknown') throw error
    throw new SimilarityError('model_missing', { detail: `The project was vectorized with the model ${modelId}, which this companion does not know.`, cause: error })
  })
  if (embedder.model.revision !== modelRevision) throw new SimilarityError('model_changed', { detail: `The project was vectorized with another version of the model ${modelId}.` })
  return embedder
}
