/** An entry of the model registry: all that makes two embeddings comparable. */
export interface EmbeddingModel {
  readonly id: string
  readonly revision: string
  /** SHA-256 by path below the model's folder: all that is needed to load it. */
  readonly files: Readonly<Record<string, string>>
  readonly dimensions: number
  /** Tokens at most, specials included. */
  readonly maxTokens: number
  readonly pooling: 'mean' | 'cls'
  readonly normalize: true
  readonly prefixes: { readonly query: string, readonly passage: string }
  /** ISO 639-1, or ['*']. */
  readonly languages: readonly string[]
  readonly licence: string
  readonly dtype: 'fp32' | 'q8'
  readonly bundled: boolean
}

/** A text as the model wants to read it, by its role. */
export const prefixed = (model: Pick<EmbeddingModel, 'prefixes'>, role: keyof EmbeddingModel['prefixes'], text: string): string => model.prefixes[role] + text
