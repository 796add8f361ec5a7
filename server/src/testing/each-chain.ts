import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { log, watch, type TestChain, type WatchedEmbedders } from './chain.ts'
import { prose } from './memory-documents.ts'

export interface EachChain<C extends TestChain> {
  readonly real: Embedders
  /** Anew for each case. */
  readonly embedders: WatchedEmbedders
  /** Anew for each case. */
  readonly chain: C
  /** Puts documents d1, d2 … into the chain's project. */
  readonly fill: (count: number, characters?: number) => void
}

/** A chain for each case of a suite, with the real model behind an embedder that is watched. */
export function eachChain<C extends TestChain>(open: (embedders: WatchedEmbedders) => Promise<C>): EachChain<C> {
  let real: Embedders
  let embedders: WatchedEmbedders
  let chain: C

  beforeAll(async () => {
    real = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
  })
  afterAll(() => real.close())
  beforeEach(async () => {
    embedders = watch(real)
    chain = await open(embedders)
    return () => chain[Symbol.asyncDispose]()
  })
  return {
    get real() { return real },
    get embedders() { return embedders },
    get chain() { return chain },
    fill(count, characters = 300) {
      for (let number = 1; number <= count; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, characters) })
    },
  }
}

/** @throws Error where nothing is there */
export function there<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('nothing is there')
  return value
}
