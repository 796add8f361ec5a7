/** A word as it is written, and what it is: a name is a word with a capital inside of a sentence. */
export interface Word {
  readonly text: string
  readonly kind: 'number' | 'name' | 'other'
}

/**
 * Words of letters and digits; where a script parts its words by nothing, every character. What is longer is no word,
 * and is cut so that an expression never has to look at a whole file of base64.
 */
const WORD = /[[\p{L}\p{N}\p{M}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]]{1,64}|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/gv
const NUMBER = /\p{N}/u
const CAPITAL = /^\p{Lu}/u
const ENDS_SENTENCE = /[.!?:;…\n\r]/
/** Between two words there is rarely more. */
const GAP = 8

/**
 * The words of a text in order, for its fingerprint. A generator: a long text is never held twice.
 * Not the tokens of a search (words/tokens.ts), which follow ICU's dictionaries and keep codes whole: fingerprints are stored,
 * so these must be the same with every version of ICU, and a changed digit must change one word and not a whole code.
 */
export function* wordsOf(content: string): Generator<Word> {
  let end = 0
  for (const { 0: text, index } of content.matchAll(WORD)) {
    const isFirst = end === 0 || index - end > GAP || ENDS_SENTENCE.test(content.slice(end, index))
    yield { text, kind: NUMBER.test(text) ? 'number' : !isFirst && CAPITAL.test(text) ? 'name' : 'other' }
    end = index + text.length
  }
}
