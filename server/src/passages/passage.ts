/** A contiguous slice of one document's content: text === content.slice(start, end). */
export interface Passage {
  readonly ordinal: number
  /** UTF-16 units of the content. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly text: string
}

/** Tokens of the model, its special ones left out. */
export const PASSAGE_TOKENS = { maxTokens: 120, overlapTokens: 20 } as const

/** Recorded with a generation: a change of the rules or of the sizes means a new generation. */
export const PASSAGE_RULES = `blocks-${PASSAGE_TOKENS.maxTokens}-${PASSAGE_TOKENS.overlapTokens}-v2`
