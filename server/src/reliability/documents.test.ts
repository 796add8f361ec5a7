import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import type { VectorStore } from '../store/store.ts'
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.ts'
import { log, type TestChain } from '../testing/chain.ts'
import { startChains, type Chains } from '../testing/chains.ts'
import { describeEngines } from '../testing/engines.ts'
import { prose } from '../testing/memory-documents.ts'
import { isAlive, listen, type Start } from '../testing/model-processes.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'
import { createPatience } from '../vectorize/patience.ts'
import { vectorizeDocs } from '../vectorize/vectorize-docs.ts'

describeEngines('documents', (engine, form) => {
  let real: Embedders
  let chains: Chains

  beforeAll(async () => {
    real = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
    chains = await startChains(engine)
  }, 1_200_000)
  afterAll(async () => {
    await chains[Symbol.asyncDispose]()
    await real.close()
  })

  async function openFilled(embedders: Embedders, count: number): Promise<TestChain> {
    const chain = await chains.open(embedders)
    for (let number = 1; number <= count; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
    return chain
  }

  /** Of a cluster each worker has a store of its own; one process has one. */
  async function storesOf(chain: TestChain, count: number): Promise<AsyncDisposable & { stores: VectorStore[] }> {
    await using opened = new AsyncDisposableStack()
    const { elasticsearch } = chains
    const own = (): Promise<VectorStore> => (elasticsearch === null ? Promise.resolve(chain.store) : openElasticsearchStore({ ...elasticsearch, log }))
    const stores = await Promise.all(Array.from({ length: count }, own))
    if (elasticsearch !== null) for (const store of stores) opened.defer(() => store.close())
    const all = opened.move()
    return { stores, [Symbol.asyncDispose]: () => all.disposeAsync() }
  }

  it(`R2${form}: a batch that is done twice at the same time leaves one copy of each document and passage`, async () => {
    await using chain = await openFilled(real, 12)
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
    await using opened = await storesOf(chain, 3)
    const once = (store: VectorStore) => vectorizeDocs({
      source: chain.source, store, embedder, generation, signal, patiently: createPatience({ firstDelayMs: 5, maximumDelayMs: 20 }, signal, () => undefined),
      onWritten: () => Promise.resolve(), onEmbedded: () => undefined,
    }, planned)

    await Promise.all(opened.stores.map(once))

    const rows = []
    for await (const page of chain.store.rows(generation)) rows.push(...page)
    expect(rows.map(({ documentId }) => documentId).sort()).toEqual(planned.map(({ id }) => id).sort())
    expect((await chain.store.statistics(generation)).passages).toBe(rows.reduce((sum, { passages }) => sum + passages, 0))
  }, 60_000)

  it(`R8${form}: a document that kills the model's process each time fails alone, with its reason, and the rest is done`, async () => {
    const poison = prose(3, 300)
    await using dying = await openDying(content => content === poison)
    await using chain = await openFilled(dying.embedders, 6)

    const task = await chain.vectorize({ batchSize: 6 })
    const again = await chain.vectorize()

    expect(dying.starts.filter(({ background }) => background).length).toBeGreaterThan(2)
    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 6, done: 5, failed: 1 }, failures: [{ documentId: 'd3', code: 'document_failed' }], childCounts: { done: 1, error: 0 } })
    expect((await chain.rows()).get('d3')).toMatchObject({ status: 'failed', reason: 'document_failed' })
    expect(again.counts.documents).toBe(0)
  }, 120_000)

  it(`R8${form}: of a group of which the store refuses one document, the others are written`, async () => {
    const poison = prose(7, 300)
    const standIns = createStandInEmbedders()
    const spoiled: Embedders = { ...standIns, get: async id => spoil(await standIns.get(id), poison) }
    await using chain = await openFilled(spoiled, 20)

    const task = await chain.vectorize()

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 20, done: 19, failed: 1 }, failures: [{ documentId: 'd7', code: 'document_failed' }] })
    expect((await chain.rows()).get('d7')).toMatchObject({ status: 'failed', reason: 'document_failed', passages: 0 })
  }, 60_000)
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
