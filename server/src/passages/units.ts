import { outsideOfPair, sentences, type Span } from './sentences.ts'

export interface CutOptions {
  /** Tokens of a text, the model's special ones left out. */
  readonly countTokens: (text: string) => number
  /** Tokens of a passage at most. */
  readonly maxTokens: number
  /** Tokens that two neighbouring passages share, about. */
  readonly overlapTokens: number
}

/** What passages are made of and never cut: a sentence, or a piece of one that is too long. */
export interface Unit extends Span {
  /** Tokens, or what its characters count for where that is more. */
  readonly size: number
}

/**
 * Characters that count for a token at least. A tokenizer may read any length as one unknown token:
 * without this bound a passage could hold a whole file of base64.
 */
export const CHARACTERS_PER_TOKEN = 8

function measured(content: string, span: Span, { countTokens, maxTokens }: CutOptions): Unit {
  const byLength = Math.ceil((span.end - span.start) / CHARACTERS_PER_TOKEN)
  if (byLength > maxTokens) return { ...span, size: byLength }
  return { ...span, size: Math.max(byLength, countTokens(content.slice(span.start, span.end))) }
}

/** Cuts what has no whitespace into chunks of whole code points. */
function* chunks(content: string, word: Span, options: CutOptions): Generator<Unit> {
  const limit = options.overlapTokens
  let length = limit * CHARACTERS_PER_TOKEN
  let { start } = word
  while (start < word.end) {
    let unit = measured(content, chunk(content, start, Math.min(start + length, word.end)), options)
    while (unit.size > limit && length > 1) {
      length = Math.max(1, Math.floor(Math.min(length, word.end - start) * limit / unit.size))
      unit = measured(content, chunk(content, start, Math.min(start + length, word.end)), options)
    }
    yield unit
    start = unit.end
    if (unit.size * 2 < limit) length = Math.min(length * 2, limit * CHARACTERS_PER_TOKEN)
  }
}

function chunk(content: string, start: number, wantedEnd: number): Span {
  const end = outsideOfPair(content, wantedEnd)
  return { start, end: end > start ? end : wantedEnd + 1 }
}

/** Cuts a sentence at whitespace into pieces of the size of an overlap, so that passages made of them overlap too. */
function* pieces(content: string, sentence: Span, options: CutOptions): Generator<Unit> {
  const limit = options.overlapTokens
  let open: Unit | null = null
  for (const match of content.slice(sentence.start, sentence.end).matchAll(/\S+/g)) {
    const start = sentence.start + match.index
    const word = measured(content, { start, end: start + match[0].length }, options)
    for (const part of word.size <= limit ? [word] : chunks(content, word, options)) {
      const isRoomLeft: boolean = open !== null && open.size + part.size <= limit && part.end - open.start <= limit * CHARACTERS_PER_TOKEN
      if (open !== null && !isRoomLeft) yield open
      open = open !== null && isRoomLeft ? { start: open.start, end: part.end, size: open.size + part.size } : part
    }
  }
  if (open !== null) yield open
}

/** The units of a content in order. */
export function* units(content: string, options: CutOptions): Generator<Unit> {
  for (const sentence of sentences(content, options.maxTokens * CHARACTERS_PER_TOKEN)) {
    const unit = measured(content, sentence, options)
    if (unit.size <= options.maxTokens) yield unit
    else yield* pieces(content, sentence, options)
  }
}
