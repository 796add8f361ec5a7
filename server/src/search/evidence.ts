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
const IS_SPACED = new RegExp(`^(?![${UNSPACED}])${LETTER}+(?<![${UNSPACED}])$`, 'u')
const LETTERS = new RegExp(`${LETTER}+`, 'gu')

/** Characters of all parts. What is longer is no word or phrase that anybody looks for, and its pattern would take seconds to make; nor is what has none. */
const LONGEST = 2_000

function canStand(parts: Parts): boolean {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return length > 0 && length <= LONGEST
}

/** Finds words in this order with a space or separators between them, at the edges of words. Letters and digits only, so nothing needs escaping. */
function pattern(parts: Parts): RegExp {
  const before = STARTS_UNSPACED.test(parts[0] ?? '') ? '' : `(?<!${LETTER})`
  const after = ENDS_UNSPACED.test(parts.at(-1) ?? '') ? '' : `(?!${LETTER})`
  return new RegExp(`${before}${parts.join('[^\\p{L}\\p{N}]{1,3}')}${after}`, 'gu')
}

const lettersIn = (folded: string): string[] => folded.match(LETTERS) ?? []

/** Folded words of a phrase, as `pattern` takes them. */
export const partsOfPhrase = (phrase: string): string[] => lettersIn(foldText(phrase))

/** Which of these are in the text, asked of many texts. */
export function finder(needles: readonly Parts[]): (text: string) => number[] {
  const seekers = needles.map(seeker)
  return (text) => {
    const folded = foldText(text)
    const words = new Set(lettersIn(folded))
    return seekers.flatMap((isIn, index) => (isIn(folded, words) ? [index] : []))
  }
}

/** A pattern is slow: most words are looked up among those of the text, and for others it is asked only where all parts are there. */
function seeker(parts: Parts): (folded: string, words: ReadonlySet<string>) => boolean {
  if (!canStand(parts)) return () => false
  const word = spacedWord(parts)
  if (word !== null) return (_, words) => words.has(word)
  let made: RegExp | undefined
  return folded => holdsParts(folded, parts) && folded.search(made ??= pattern(parts)) >= 0
}

/** A single word of a script with spaces: it stands in a text where one of the text's words is the same. */
const spacedWord = ([word, ...others]: Parts): string | null => (word !== undefined && others.length === 0 && IS_SPACED.test(word) ? word : null)

const holdsParts = (folded: string, parts: Parts): boolean => parts.every(part => folded.includes(part))

/** Finds terms in many texts. */
export interface TermFinder {
  /** Which of the terms are in the text, as they stand or in another form. */
  readonly held: (text: string) => number[]
  /** The words of the text that are other forms of a term. */
  readonly inflected: (text: string) => string[]
}

/** Letters that two forms of a word begin with. */
const SAME_BEGINNING = 3
/** Words whose terms are remembered: texts repeat theirs. */
const REMEMBERED = 50_000

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
  const remembered = new Map<string, readonly number[]>()
  const termsWithForm = (word: string): readonly number[] => {
    const known = remembered.get(word)
    if (known !== undefined) return known
    // Most words are sorted out without taking their stems.
    const indexes = beginnings.has(foldText(word).slice(0, SAME_BEGINNING)) ? stemsIn(languages, word).flatMap(stem => byStem.get(stem) ?? []) : []
    if (remembered.size < REMEMBERED) remembered.set(word, indexes)
    return indexes
  }
  const wordsIn = (text: string): string[] => [...new Set(Array.from(tokens(text), token => bare(token.text)))]
  return {
    held: text => [...new Set([...find(text), ...wordsIn(text).flatMap(termsWithForm)])],
    inflected: text => wordsIn(text).filter(word => termsWithForm(word).length > 0),
  }
}

/** Where these words and phrases stand in the text: UTF-16 offsets, in order, without overlaps. */
export function highlights(text: string, needles: readonly Parts[]): Range[] {
  const { folded, starts, ends } = foldWithOffsets(text)
  const possible = needles.filter(canStand)
  const words = new Set(possible.flatMap(parts => spacedWord(parts) ?? []))
  const others = possible.filter(parts => spacedWord(parts) === null && holdsParts(folded, parts))
  const found = [
    ...[...folded.matchAll(LETTERS)].filter(({ 0: word }) => words.has(word)),
    ...others.flatMap(parts => [...folded.matchAll(pattern(parts))]),
  ]
  return merged(found.map(({ 0: match, index }): Range => [starts[index] ?? 0, ends[index + match.length - 1] ?? text.length]))
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
