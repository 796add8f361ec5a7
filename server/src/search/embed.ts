import { SimilarityError, type SimilarQuery } from '@datashare-similarity/shared'
import type { Embedder, Embedders } from '../embedding/embedder.ts'

/** Asks the generation's model; null where it is not available and the search goes on by words. */
export type Embed = <T>(ask: (embedder: Embedder) => Promise<T>) => Promise<T | null>

export interface Embedding {
  readonly embed: Embed
  /** True after a request for the model went unanswered. */
  readonly isDegraded: () => boolean
}

/** For one request. @throws SimilarityError embedder_unavailable in mode "meaning" */
export function embedding(embedders: Embedders, modelId: string, mode: SimilarQuery['mode']): Embedding {
  let degraded = false
  return {
    isDegraded: () => degraded,
    async embed(ask) {
      try {
        return await ask(await embedders.get(modelId))
      } catch (error) {
        if (mode === 'meaning' || !(error instanceof SimilarityError) || error.code !== 'embedder_unavailable') throw error
        degraded = true
        return null
      }
    },
  }
}
