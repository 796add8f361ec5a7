/** A contiguous slice of one document's content: text === content.slice(start, end). */
export interface Passage {
  readonly ordinal: number
  /** UTF-16 units of the content. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly text: string
}

/** Recorded with a generation: a change of the rules means a new generation. */
export const PASSAGE_RULES = 'sentences-120-20-v1'

/** The sizes that PASSAGE_RULES names, in tokens of the model, its special ones left out. */
export const PASSAGE_TOKENS = { maxTokens: 120, overlapTokens: 20 } as const
