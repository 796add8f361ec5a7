import type { EmbeddingModel } from './model.ts'

export interface EmbeddedPassage {
  readonly ordinal: number
  readonly start: number
  readonly end: number
  readonly text: string
  readonly embedding: Float32Array
}

/**
 * Turns texts into unit vectors with one model, the same for passages and queries.
 * Works in supervised child processes: a crash or a hang of the native runtime costs one request, which is tried once more.
 * Errors: SimilarityError embedder_unavailable | model_missing | model_tampered | model_refused.
 */
export interface Embedder {
  readonly model: EmbeddingModel
  /** Vectors of `model.dimensions` numbers, one per text; by the process that is kept for queries. Texts beyond the limit are cut. */
  queries(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
  /** The same space and the query process, but with the prefix of passages: for examples. */
  examples(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
  /** Cuts a document's content into passages and embeds them, a group at a time so that memory stays bounded. By the processes for documents. */
  passages(content: string, signal: AbortSignal): AsyncIterable<EmbeddedPassage[]>
  /** Cuts without embedding, for an example document that is not vectorized yet. */
  cut(content: string, signal?: AbortSignal): Promise<{ start: number, end: number, text: string }[]>
  /** True while the query process answers. */
  readonly ready: boolean
  close(): Promise<void>
}

/** One embedder per model in use, opened at first use: a project's model is its generation's. */
export interface Embedders {
  readonly defaultModel: EmbeddingModel
  /** Opens it where its files are there since. @throws SimilarityError model_unknown | model_missing | model_tampered | model_refused | embedder_unavailable | the signal's reason */
  get(modelId: string, signal?: AbortSignal): Promise<Embedder>
  /** Whether it could be opened, as far as that is told without reading its files. @throws SimilarityError model_unknown | model_missing */
  check(modelId: string): Promise<void>
  models(): Promise<(EmbeddingModel & { installed: boolean })[]>
  close(): Promise<void>
}
