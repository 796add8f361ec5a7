import { afterAll, beforeAll, describe } from 'vitest'
import { createLogger } from '../../log.ts'
import { hasJava, startElasticsearch, type TestElasticsearch } from '../../testing/elasticsearch.ts'
import { storeConformance } from '../../testing/store-conformance.ts'
import { aGeneration } from '../../testing/store-documents.ts'
import type { Generation } from '../generation.ts'
import type { VectorStore } from '../store.ts'
import { openElasticsearchStore } from './elasticsearch.ts'

const log = createLogger('silent')

describe.skipIf(!hasJava())('on a real Elasticsearch (needs Java 17 and Maven)', () => {
  let elasticsearch: TestElasticsearch
  beforeAll(async () => { elasticsearch = await startElasticsearch() }, 300_000)
  afterAll(() => elasticsearch.stop())

  const open = () => openElasticsearchStore({ url: elasticsearch.url, log })
  /** Most of the time of a test would go into indices that are made: so they are emptied and used again. */
  const emptied: Generation[] = []
  const empty = async (store: VectorStore, generation: Generation): Promise<void> => {
    for await (const page of store.rows(generation)) await store.remove(generation, page.map(({ documentId }) => documentId))
    await store.maintain(generation)
    emptied.push(generation)
  }

  storeConformance('Elasticsearch', async () => {
    let store = await open()
    const used: Generation[] = []
    return {
      store,
      fresh: async (dimensions) => {
        const at = emptied.findIndex(each => each.dimensions === dimensions)
        const [generation = aGeneration('a', dimensions)] = at < 0 ? [] : emptied.splice(at, 1)
        if (at < 0) await store.create(generation)
        used.push(generation)
        return generation
      },
      reopen: async () => {
        await store.close()
        store = await open()
        return store
      },
      remains: async ({ id }) => {
        const answer = await fetch(`${elasticsearch.url}/*${id}*/_stats/store`)
        const { indices } = await answer.json() as { indices: Record<string, unknown> }
        return Object.keys(indices).length
      },
      dispose: async () => {
        for (const generation of used) await empty(store, generation).catch(() => store.drop(generation))
        await store.close()
      },
    }
  })
})
