import { hash } from 'node:crypto'
import { SimilarityError, type ErrorCode, type SimilarQuery } from '@datashare-similarity/shared'
import { orAborted } from '../embedding/abort.ts'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import { createShortCache } from '../short-cache.ts'
import type { Generation } from '../store/generation.ts'

/** Asks the generation's model; null where it is not available and the search goes on by words. */
export type Embed = <T>(ask: (embedder: Embedder) => Promise<T>) => Promise<T | null>

export interface Embedding {
  readonly embed: Embed
  /** True after a request for the model went unanswered. */
  readonly isDegraded: () => boolean
}

/** Vectors of queries, one for each text. */
export type EmbedQueries = (embedder: Embedder, texts: readonly string[], signal: AbortSignal) => Promise<Float32Array[]>

const REMEMBERED = { milliseconds: 60_000, entries: 200 }

/**
 * Remembers the vectors of queries for a minute: another page, other filters and another mode ask for the same text again.
 * Of a text only a digest is kept. Who gives up does not take the vector from others that wait for it.
 */
export function rememberingQueries(): EmbedQueries {
  const vectors = createShortCache<Float32Array>(REMEMBERED)
  const embedded = async (embedder: Embedder, text: string): Promise<Float32Array> => {
    const [vector] = await embedder.queries([text])
    if (vector === undefined) throw new SimilarityError('embedder_unavailable')
    return vector
  }
  return (embedder, texts, signal) => orAborted(Promise.all(texts.map((text) => {
    const { id, revision } = embedder.model
    return vectors.get(hash('sha256', JSON.stringify([id, revision, text])), () => embedded(embedder, text))
  })), signal)
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
