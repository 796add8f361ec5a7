import { basename, dirname } from 'node:path'
import { AutoTokenizer, env } from '@huggingface/transformers'

export interface Tokenizer {
  /** Tokens of a text, the model's special ones left out. */
  count(text: string): number
  /** Ids of a text with the special ones, `maxTokens` at most. */
  encode(text: string, maxTokens: number): number[]
}

/** Nothing is fetched, ever: a model is loaded from its folder or not at all. @returns the name under which the library finds it */
export function localModel(folder: string): string {
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.useFSCache = false
  env.localModelPath = dirname(folder)
  return basename(folder)
}

/**
 * The library's own truncation would drop the closing special token, which shifts the vector.
 * Every supported model closes a text with exactly one.
 */
export function truncated(ids: readonly number[], maxTokens: number): number[] {
  return ids.length <= maxTokens ? [...ids] : [...ids.slice(0, maxTokens - 1), ...ids.slice(-1)]
}

/** @throws Error where the folder lacks a file of the tokenizer */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const tokenizer = await AutoTokenizer.from_pretrained(localModel(folder))
  return {
    count: text => tokenizer.encode(text, { add_special_tokens: false }).length,
    encode: (text, maxTokens) => truncated(tokenizer.encode(text), maxTokens),
  }
}
