import { foldText } from './fold-text.ts'

/** A word or code of a text. */
export interface Token {
  readonly text: string
  /** UTF-16 units of the text. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

/** Letters of a word that can be found: hashes and addresses of accounts have up to 64. */
export const LONGEST_WORD = 64

/** Letters and digits, held together by the separators that file numbers, addresses and e-mail addresses are written with. */
const WORD = /[\p{L}\p{M}\p{N}]+(?:[-._/@:'’][\p{L}\p{M}\p{N}]+)*/gu
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
/** Most words of most texts: neither cut nor a code. */
const PLAIN = /^[A-Za-z]+$/
/** What stands before an apostrophe and is no word of its own: l', d', qu', dell'… */
const ELISION = /^(?:\p{L}{1,2}|jusqu|lorsqu|puisqu|quoiqu|dell|nell|sull|dall|all|un)['’](?=[\p{L}\p{N}])/iu
const POSSESSIVE = /['’]s$/iu

const unspaced = new Intl.Segmenter(undefined, { granularity: 'word' })

/** What stands between spaces and punctuation, in its order: a word, a code, or a sentence of a script without spaces. */
export const runs = (text: string): IterableIterator<RegExpExecArray> => text.matchAll(WORD)

/** Words in their order. Scripts without spaces are cut by ICU's dictionaries, as the store's own text index does. */
export function* tokens(text: string): Generator<Token> {
  for (const { 0: word, index } of runs(text)) {
    if (PLAIN.test(word)) {
      yield token(word, index)
    } else if (UNSPACED.test(word)) {
      for (const { segment, index: at, isWordLike } of unspaced.segment(word)) {
        if (isWordLike === true) yield token(segment, index + at)
      }
    } else if (isCode(word)) {
      yield token(word, index)
    } else {
      yield* partsOf(word, index)
    }
  }
}

const token = (text: string, start: number): Token => ({ text, start, end: start + text.length })

/** A word that is no code falls apart at its separators, except at an apostrophe. */
function* partsOf(word: string, start: number): Generator<Token> {
  for (const { 0: part, index } of word.matchAll(/[^-._/@:]+/gu)) yield token(part, start + index)
}

/** Letters and digits together, digits with separators, a long number, or an address. A plain year or count is none. */
export function isCode(word: string): boolean {
  if (word.includes('@')) return true
  return /\p{N}/u.test(word) && (/\p{L}/u.test(word) || /[-._/:]/u.test(word) || word.length >= 6)
}

/** The word that a text index may hold apart from its article: "entreprise" of "l'entreprise", "Appleby" of "Appleby's". */
export const bare = (word: string): string => word.replace(ELISION, '').replace(POSSESSIVE, '')

/** Whether no index can hold all words of a text. */
export const hasUnfindableWord = (text: string): boolean => Array.from(tokens(text)).some(token => foldedParts(token.text).some(({ length }) => length > LONGEST_WORD))

/** What a token is compared by: one folded part for a word, several for a code with separators. */
export const foldedParts = (word: string): string[] => foldText(word).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [foldText(word)]
