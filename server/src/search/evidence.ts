import { foldText, foldWithOffsets } from '../words/fold-text.ts'
import { stemsIn } from '../words/stems.ts'
import { bare, tokens } from '../words/tokens.ts'
import { keyOf, type Term } from './words.ts'

type Parts = readonly string[]
type Range = [start: number, end: number]

const MAX_SHARED = 8
/** Scripts without spaces: a word is found anywhere within a run of letters. */
const UNSPACED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}'
const LETTER = '[\\p{L}\\p{M}\\p{N}]'
const STARTS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u')
const ENDS_UNSPACED = new RegExp(`[${UNSPACED}]$`, 'u')

/** Characters of all parts. What is longer is no word or phrase that anybody looks for, and its pattern would take seconds to make. */
const LONGEST = 2_000

/**
 * Finds words in this order with a space or separators between them, at the edges of words. Letters and digits only, so nothing needs escaping.
 * Null where there are none, or too many.
 */
function pattern(parts: Parts): RegExp | null {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length === 0 || length > LONGEST) return null
  const before = STARTS_UNSPACED.test(parts[0] ?? '') ? '' : `(?<!${LETTER})`
  const after = ENDS_UNSPACED.test(parts.at(-1) ?? '') ? '' : `(?!${LETTER})`
  return new RegExp(`${before}${parts.join('[^\\p{L}\\p{N}]{1,3}')}${after}`, 'gu')
}

/** Folded words of a phrase, as `pattern` takes them. */
export const partsOfPhrase = (phrase: string): string[] => foldText(phrase).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []

/** Which of these are in the text, asked of many texts: the patterns are made once. */
export function finder(needles: readonly Parts[]): (text: string) => number[] {
  const patterns = needles.map(pattern)
  return (text) => {
    const folded = foldText(text)
    return patterns.flatMap((each, index) => (each !== null && folded.search(each) >= 0 ? [index] : []))
  }
}

/** Finds terms in many texts. */
export interface TermFinder {
  /** Which of the terms are in the text, as they stand or in another form. */
  readonly held: (text: string) => number[]
  /** The words of the text that are other forms of a term. */
  readonly inflected: (text: string) => string[]
}

/** Letters that two forms of a word begin with. */
const SAME_BEGINNING = 3

/** @param languages of the documents that are searched, whose forms a word may take */
export function termFinder(terms: readonly Term[], languages: readonly string[]): TermFinder {
  const find = finder(terms.map(({ parts }) => parts))
  const byStem = new Map<string, number[]>()
  const beginnings = new Set<string>()
  for (const [index, { text, parts, isCode }] of terms.entries()) {
    const [word] = parts
    if (isCode || word === undefined || parts.length > 1) continue
    beginnings.add(word.slice(0, SAME_BEGINNING))
    for (const stem of stemsIn(languages, text)) byStem.set(stem, [...byStem.get(stem) ?? [], index])
  }
  const formsIn = (text: string): { word: string, indexes: number[] }[] =>
    [...new Set(Array.from(tokens(text), token => bare(token.text)))]
      // Most words are sorted out without taking their stems.
      .filter(word => beginnings.has(foldText(word).slice(0, SAME_BEGINNING)))
      .map(word => ({ word, indexes: stemsIn(languages, word).flatMap(stem => byStem.get(stem) ?? []) }))
  return {
    held: text => [...new Set([...find(text), ...formsIn(text).flatMap(({ indexes }) => indexes)])],
    inflected: text => formsIn(text).filter(({ indexes }) => indexes.length > 0).map(({ word }) => word),
  }
}

/** Where these words and phrases stand in the text: UTF-16 offsets, in order, without overlaps. */
export function highlights(text: string, needles: readonly Parts[]): Range[] {
  const { folded, starts, ends } = foldWithOffsets(text)
  const found = needles.map(pattern).filter(each => each !== null).flatMap(each =>
    [...folded.matchAll(each)].map(({ 0: match, index }): Range => [starts[index] ?? 0, ends[index + match.length - 1] ?? text.length]),
  )
  return merged(found)
}

function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = result.at(-1)
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end)
    else result.push([start, end])
  }
  return result
}

/**
 * Terms that a text holds, the rarest first: those that few of the given texts hold, then codes, names, long words.
 * `holders` counts, per key of a term, the shown texts that hold it.
 */
export const sharedTerms = (held: readonly Term[], holders: ReadonlyMap<string, number>): string[] =>
  held
    .toSorted((a, b) => (holders.get(keyOf(a)) ?? 0) - (holders.get(keyOf(b)) ?? 0) || kind(b) - kind(a) || b.text.length - a.text.length || (a.text < b.text ? -1 : 1))
    .slice(0, MAX_SHARED)
    .map(({ text }) => text)

const kind = ({ isCode, isCapitalised }: Term): number => (isCode ? 2 : isCapitalised ? 1 : 0)
