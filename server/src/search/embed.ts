import { SimilarityError, type ErrorCode, type SimilarQuery } from '@datashare-similarity/shared'
import type { Embedder, Embedders } from '../embedding/embedder.ts'

/** Asks the generation's model; null where it is not available and the search goes on by words. */
export type Embed = <T>(ask: (embedder: Embedder) => Promise<T>) => Promise<T | null>

export interface Embedding {
  readonly embed: Embed
  /** True after a request for the model went unanswered. */
  readonly isDegraded: () => boolean
}

/** Faults of the model beside which words still find something. */
const WITHOUT_MODEL: readonly ErrorCode[] = ['embedder_unavailable', 'model_missing']

/** For one request. @throws SimilarityError embedder_unavailable | model_missing in mode "meaning" */
export function embedding(embedders: Embedders, modelId: string, mode: SimilarQuery['mode'], signal: AbortSignal): Embedding {
  let degraded = false
  return {
    isDegraded: () => degraded,
    async embed(ask) {
      try {
        return await ask(await embedders.get(modelId, signal))
      } catch (error) {
        if (mode === 'meaning' || !(error instanceof SimilarityError) || !WITHOUT_MODEL.includes(error.code)) throw error
        degraded = true
        return null
      }
    },
  }
}
