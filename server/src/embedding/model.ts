/** An entry of the model registry, or a folder of the operator's own: all that makes two embeddings comparable. */
export interface EmbeddingModel {
  readonly id: string
  /** Another one means other vectors: what is stored with one is never searched with another. */
  readonly revision: string
  /** Where it is pulled from: its repository on the model hub, at the commit `revision`. Null where it is not. */
  readonly repository: string | null
  /** SHA-256 by path below the model's folder: all that is needed to load it. */
  readonly files: Readonly<Record<string, string>>
  /** Size of all files together. */
  readonly bytes: number
  /** Which of `files` is loaded. */
  readonly onnx: string
  readonly dimensions: number
  /** Tokens at most, specials included. */
  readonly maxTokens: number
  /** How the vectors of a text's tokens become one: their mean, the first one, or as the model itself does it. */
  readonly pooling: 'mean' | 'cls' | 'model'
  readonly normalize: true
  readonly prefixes: { readonly query: string, readonly passage: string }
  /** ISO 639-1, or ['*']; none where nobody says. */
  readonly languages: readonly string[]
  readonly licence: string
  readonly bundled: boolean
}

/** What a model can be run on by onnxruntime-node. Only the first is tested here. */
export const DEVICES = ['cpu', 'cuda', 'coreml', 'dml', 'webgpu'] as const
export type Device = typeof DEVICES[number]

/** Datashare writes languages as English does, in capitals. */
const LANGUAGE_NAMES = new Intl.DisplayNames('en', { type: 'language' })

/** Which of these languages, as Datashare writes them, the model was not made for. What Datashare could not tell (UNKNOWN) fits no model that is made for some. */
export function foreignTo({ languages }: Pick<EmbeddingModel, 'languages'>, names: readonly string[]): string[] {
  if (languages.includes('*')) return []
  const known = languages.map(code => LANGUAGE_NAMES.of(code)?.toUpperCase())
  return names.filter(name => !known.includes(name))
}

/** A text as the model wants to read it, by its role. */
export const prefixed = (model: Pick<EmbeddingModel, 'prefixes'>, role: keyof EmbeddingModel['prefixes'], text: string): string => model.prefixes[role] + text
