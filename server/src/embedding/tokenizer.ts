import { basename, dirname } from 'node:path'
import { AutoTokenizer, env, LogLevel } from '@huggingface/transformers'

export interface Tokenizer {
  /** Tokens of a text, the model's special ones left out. */
  count(text: string): number
  /** Ids of a text with the special ones, `maxTokens` at most. */
  encode(text: string, maxTokens: number): number[]
}

/**
 * Nothing is fetched, ever: a model is loaded from its folder or not at all. And nothing is printed: the library would show its input.
 * @returns the name under which the library finds it
 */
export function localModel(folder: string): string {
  env.logLevel = LogLevel.NONE
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.useFSCache = false
  env.localModelPath = dirname(folder)
  return basename(folder)
}

/** The library's own truncation would drop the closing special tokens, which shifts the vector. @param closing how many those are */
export function truncated(ids: readonly number[], maxTokens: number, closing: number): number[] {
  return ids.length <= maxTokens ? [...ids] : [...ids.slice(0, maxTokens - closing), ...ids.slice(ids.length - closing)]
}

/** Special tokens at the end of each text: those of an empty one that do not stand before the text. */
function closingTokens(encode: (text: string) => readonly number[]): number {
  const [empty, some] = [encode(''), encode('a')]
  const opening = empty.findIndex((id, index) => id !== some[index])
  return opening === -1 ? 0 : empty.length - opening
}

/** @throws Error where the folder lacks a file of the tokenizer */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const tokenizer = await AutoTokenizer.from_pretrained(localModel(folder))
  const closing = closingTokens(text => tokenizer.encode(text))
  return {
    count: text => tokenizer.encode(text, { add_special_tokens: false }).length,
    encode: (text, maxTokens) => truncated(tokenizer.encode(text), maxTokens, closing),
  }
}
