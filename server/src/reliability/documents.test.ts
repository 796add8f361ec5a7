import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { log } from '../testing/chain.ts'
import { openLocalChain, type LocalChain } from '../testing/local-chain.ts'
import { prose } from '../testing/memory-documents.ts'
import { isAlive, listen, type Start } from '../testing/model-processes.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'
import { createPatience } from '../vectorize/patience.ts'
import { vectorizeDocs } from '../vectorize/vectorize-docs.ts'

let real: Embedders
let chain: LocalChain

beforeAll(async () => {
  real = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
})
afterAll(() => real.close())
beforeEach(async () => {
  chain = await openLocalChain(real)
  return () => chain[Symbol.asyncDispose]()
})

const fill = (count: number): void => {
  for (let number = 1; number <= count; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
}

it('R2: a batch that is done twice at the same time leaves one copy of each document and passage', async () => {
  fill(12)
  await chain.vectorize()
  const generation = await chain.current()
  const embedder = await real.get(generation.modelId)
  const signal = new AbortController().signal
  const planned = Array.from({ length: 16 }, (_, index) => {
    const id = `d${index + 1}`
    const content = `${prose(index + 1, 300)} It was amended.`
    chain.source.put(chain.project.name, { id, content })
    return { id, rootId: id, extractionDate: null, characters: content.length, storedHash: null }
  })
  const once = () => vectorizeDocs({
    source: chain.source, store: chain.store, embedder, generation, signal, patiently: createPatience({ firstDelayMs: 5, maximumDelayMs: 20 }, signal, () => undefined),
    onWritten: () => Promise.resolve(), onEmbedded: () => undefined,
  }, planned)

  await Promise.all([once(), once(), once()])

  const rows = []
  for await (const page of chain.store.rows(generation)) rows.push(...page)
  expect(rows.map(({ documentId }) => documentId).sort()).toEqual(planned.map(({ id }) => id).sort())
  expect((await chain.store.statistics(generation)).passages).toBe(rows.reduce((sum, { passages }) => sum + passages, 0))
})

it('R8: a document that kills the model\'s process each time fails alone, with its reason, and the rest is done', async () => {
  fill(6)
  const poison = prose(3, 300)
  await using dying = await openDying(content => content === poison)
  await using own = await openLocalChain(dying.embedders, { source: chain.source })

  const task = await own.vectorize({ batchSize: 6 })
  const again = await own.vectorize()

  expect(dying.starts.filter(({ background }) => background).length).toBeGreaterThan(2)
  expect(task).toMatchObject({ state: 'DONE', counts: { documents: 6, done: 5, failed: 1 }, failures: [{ documentId: 'd3', code: 'document_failed' }], childCounts: { done: 1, error: 0 } })
  expect((await own.rows()).get('d3')).toMatchObject({ status: 'failed', reason: 'document_failed' })
  expect(again.counts.documents).toBe(0)
}, 120_000)

it('R8: of a group of which the store refuses one document, the others are written', async () => {
  fill(20)
  const poison = prose(7, 300)
  const standIns = createStandInEmbedders()
  const spoiled: Embedders = { ...standIns, get: async id => spoil(await standIns.get(id), poison) }
  await using own = await openLocalChain(spoiled, { source: chain.source })

  const task = await own.vectorize()

  expect(task).toMatchObject({ state: 'DONE', counts: { documents: 20, done: 19, failed: 1 }, failures: [{ documentId: 'd7', code: 'document_failed' }] })
  expect((await own.rows()).get('d7')).toMatchObject({ status: 'failed', reason: 'document_failed', passages: 0 })
})

/** Gives vectors of one content that are none. */
const spoil = (embedder: Embedder, poison: string): Embedder => ({
  ...embedder,
  async* passages(content, signal) {
    for await (const group of embedder.passages(content, signal)) yield content === poison ? group.map(passage => ({ ...passage, embedding: passage.embedding.fill(NaN) })) : group
  },
})

/** The real model, of which each process for documents dies while it is at such a content, as one whose tokenizer crashes. */
async function openDying(isPoison: (content: string) => boolean): Promise<AsyncDisposable & { embedders: Embedders, starts: Start[] }> {
  const { log, starts } = listen()
  const opened = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
  const killAll = (): void => {
    for (const { pid } of starts.filter(({ background, pid }) => background && isAlive(pid))) process.kill(pid, 'SIGKILL')
  }
  const dying = (embedder: Embedder): Embedder => ({
    ...embedder,
    async* passages(content, signal) {
      const killing = isPoison(content) ? setInterval(killAll, 1) : undefined
      try {
        yield* embedder.passages(content, signal)
      } finally {
        clearInterval(killing)
      }
    },
  })
  return {
    starts,
    embedders: { ...opened, get: async id => dying(await opened.get(id)) },
    [Symbol.asyncDispose]: () => opened.close(),
  }
}
