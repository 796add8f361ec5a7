import type { Tokenizer } from '../../server/src/embedding/tokenizer.ts'
import { dice } from '../../server/src/testing/random.ts'
import { sampleTexts } from '../../server/src/testing/sample-collection.ts'

/** Texts of one kind, with the tokens that all of them have together, special ones included. */
export interface TextSet {
  readonly name: string
  readonly texts: readonly string[]
  readonly tokens: number
}

const MOST_TOKENS = 256
const SPECIAL_TOKENS = 2

/** Texts of real words: all of 128 tokens, and of lengths as passages and questions have them (log-normal, 12 to 256 tokens). */
export async function textSets(tokenizer: Tokenizer, size: number): Promise<TextSet[]> {
  const words = [...(await sampleTexts()).values()].filter(text => /^[\p{Script=Latin}\P{L}]*$/u.test(text)).join('\n').split(/\s+/)
  const lengths = { equal: () => 128, mixed: logNormal() }
  return Object.entries(lengths).map(([name, next]) => {
    const texts = textsOf(words, tokenizer, Array.from({ length: size }, next))
    return { name, texts, tokens: texts.reduce((sum, text) => sum + tokenizer.encode(text, MOST_TOKENS).length, 0) }
  })
}

/** Words in their order, as many as make up so many tokens, a text after the other. */
function textsOf(words: readonly string[], tokenizer: Tokenizer, lengths: readonly number[]): string[] {
  const counted = words.map(word => tokenizer.count(word))
  let at = 0
  return lengths.map((length) => {
    const chosen: string[] = []
    for (let tokens = SPECIAL_TOKENS; tokens + (counted[at % words.length] ?? 0) <= length; at++) {
      tokens += counted[at % words.length] ?? 0
      chosen.push(words[at % words.length] ?? '')
    }
    return chosen.join(' ')
  })
}

function logNormal(): () => number {
  const random = dice(7)
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
    return Math.round(Math.min(MOST_TOKENS, Math.max(12, Math.exp(4.2 + 0.8 * normal))))
  }
}
