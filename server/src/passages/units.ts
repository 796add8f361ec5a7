import { BEGINS, blocks, type Begins, type Block } from './blocks.ts'
import { wordStart } from './clusters.ts'
import { LINE_BREAK, type Span } from './lines.ts'
import { sentences } from './sentences.ts'

export interface CutOptions {
  /** Tokens of a text, the model's special ones left out. */
  readonly countTokens: (text: string) => number
  /** Tokens of a passage at most. */
  readonly maxTokens: number
  /** Tokens that two neighbouring passages share, about. */
  readonly overlapTokens: number
}

/** A span and its tokens, or what its characters count for where that is more. */
interface Measured extends Span {
  readonly size: number
}

/** What passages are made of and never cut: a sentence, a row, a heading, or a piece of what is too long. */
export interface Unit extends Measured {
  readonly begins: Begins
  /** Belongs to what follows: no passage ends with it if that can be helped. */
  readonly leads: boolean
}

/**
 * Characters that count for a token at least. A tokenizer may read any length as one unknown token:
 * without this bound a passage could hold a whole file of base64.
 */
export const CHARACTERS_PER_TOKEN = 8

const ENDS_CLAUSE = /[,;:.!?،؛]$/
const ANNOUNCES = /[:：]/
const ASKS = /[?？؟][\n\r]/
/** Characters at the beginning of a paragraph that are a heading of it: "Article 2. Payment. The lender shall…". */
const RUN_IN = 40

function measured(content: string, { start, end }: Span, { countTokens, maxTokens }: CutOptions): Measured {
  const byLength = Math.ceil((end - start) / CHARACTERS_PER_TOKEN)
  if (byLength > maxTokens) return { start, end, size: byLength }
  return { start, end, size: Math.max(byLength, countTokens(content.slice(start, end))) }
}

/** Cuts what has no whitespace into chunks, between words where there are any, of whole grapheme clusters where they fit. */
function* chunks(content: string, word: Span, options: CutOptions): Generator<Measured> {
  const limit = options.overlapTokens
  let length = limit * CHARACTERS_PER_TOKEN
  let { start } = word
  while (start < word.end) {
    let unit = measured(content, chunk(content, start, start + length, word.end), options)
    while (unit.size > limit && length > 1) {
      length = Math.max(1, Math.floor(Math.min(length, word.end - start) * limit / unit.size))
      unit = measured(content, chunk(content, start, start + length, word.end), options)
    }
    yield unit
    start = unit.end
    if (unit.size * 2 < limit) length = Math.min(length * 2, limit * CHARACTERS_PER_TOKEN)
  }
}

function chunk(content: string, start: number, wantedEnd: number, last: number): Span {
  if (wantedEnd >= last) return { start, end: last }
  const end = wordStart(content, start, wantedEnd)
  return { start, end: end > start ? end : wantedEnd + 1 }
}

/** Cuts a sentence at whitespace, after a clause if possible, into pieces of the size of an overlap, so that passages made of them overlap too. */
function* pieces(content: string, sentence: Span, options: CutOptions): Generator<Measured> {
  const limit = options.overlapTokens
  let open: Measured | null = null
  for (const match of content.slice(sentence.start, sentence.end).matchAll(/\S+/g)) {
    const start = sentence.start + match.index
    const word = measured(content, { start, end: start + match[0].length }, options)
    for (const part of word.size <= limit ? [word] : chunks(content, word, options)) {
      const fits: boolean = open !== null && open.size + part.size <= limit && part.end - open.start <= limit * CHARACTERS_PER_TOKEN
      if (open !== null && !fits) yield open
      open = open !== null && fits ? { start: open.start, end: part.end, size: open.size + part.size } : part
    }
    if (open !== null && open.size * 2 >= limit && ENDS_CLAUSE.test(match[0])) {
      yield open
      open = null
    }
  }
  if (open !== null) yield open
}

function* inSentences(content: string, block: Block, options: CutOptions): Generator<Measured> {
  for (const sentence of sentences(content, block, options.maxTokens * CHARACTERS_PER_TOKEN)) {
    const unit = measured(content, sentence, options)
    if (unit.size <= options.maxTokens) yield unit
    else yield* pieces(content, sentence, options)
  }
}

function* inBlock(content: string, block: Block, options: CutOptions): Generator<Measured> {
  const whole = block.isWhole ? measured(content, block, options) : null
  if (whole !== null && whole.size <= options.maxTokens) yield whole
  else yield* inSentences(content, block, options)
}

/** The unit in pieces, for where it does not fit and cannot wait for the next passage. */
export function* broken(content: string, unit: Unit, options: CutOptions): Generator<Unit> {
  let { begins } = unit
  for (const piece of pieces(content, unit, options)) {
    yield { ...piece, begins, leads: unit.leads }
    begins = BEGINS.nothing
  }
}

/** Whether a unit announces what follows it: "as follows:", a heading, the first words of an article, or a question whose answer is the next line. */
function leadsOn(content: string, block: Block, { end }: Span): boolean {
  if (block.leads || ANNOUNCES.test(content.charAt(end - 1))) return true
  return end < block.end && (end - block.start <= RUN_IN || ASKS.test(content.slice(end - 1, end + 1)))
}

/** The units of a content in order. */
export function* units(content: string, options: CutOptions): Generator<Unit> {
  for (const block of blocks(content)) {
    let { begins } = block
    let before = block.start
    for (const part of inBlock(content, block, options)) {
      if (part.start > block.start) begins = LINE_BREAK.test(content.slice(before, part.start)) ? BEGINS.line : BEGINS.nothing
      yield { ...part, begins, leads: leadsOn(content, block, part) }
      before = part.end
    }
  }
}
