import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import { createLogger } from '../../log.ts'
import { isLong } from '../../testing/engines.ts'
import { openFaultyProxy } from '../../testing/faulty-proxy.ts'
import { hasJava, startElasticsearch, type TestElasticsearch } from '../../testing/elasticsearch.ts'
import { serveHttp } from '../../testing/http.ts'
import { storeConformance } from '../../testing/store-conformance.ts'
import { aDocument, aGeneration, axis, grantedProject, unitVectors } from '../../testing/store-documents.ts'
import type { Generation } from '../generation.ts'
import type { VectorStore } from '../store.ts'
import { openLanceStore } from '../lancedb/lancedb.ts'
import { openElasticsearchStore } from './elasticsearch.ts'

const log = createLogger('silent')
const project = grantedProject('a')
const codeOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'no error', (error: unknown) => (error instanceof SimilarityError ? error.code : error))

describe.skipIf(!hasJava())('on a real Elasticsearch (needs Java 17 and Maven)', () => {
  let elasticsearch: TestElasticsearch
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${elasticsearch.url}/${path}`, { method, headers: { 'Content-Type': 'application/json' }, ...body !== undefined && { body: JSON.stringify(body) } })
    return await answer.json() as T
  }

  beforeAll(async () => {
    elasticsearch = await startElasticsearch()
    // As an operator would: the store leaves shards, copies and durability to the cluster.
    const settings = { 'number_of_replicas': 0, 'index.translog.durability': 'async' }
    await ask('PUT', '_index_template/similarity', { index_patterns: ['datashare-similarity-*'], template: { settings } })
  }, 300_000)
  afterAll(() => elasticsearch.stop())

  const open = () => openElasticsearchStore({ url: elasticsearch.url, log })
  /** Most of the time of a test would go into indices that are made: so they are emptied and used again. */
  const emptied: Generation[] = []
  const empty = async (store: VectorStore, generation: Generation): Promise<void> => {
    for await (const page of store.rows(generation)) await store.remove(generation, page.map(({ documentId }) => documentId))
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
      remains: async ({ id }) => Object.keys(await ask<object>('GET', `*${id}*/_alias`)).length,
      dispose: async () => {
        for (const generation of used) await empty(store, generation).catch(() => store.drop(generation))
        await store.close()
      },
    }
  })

  describe('beside what every store promises', () => {
    let store: VectorStore
    let generation: Generation
    beforeAll(async () => {
      store = await open()
      generation = aGeneration('a', 2)
      await store.create(generation)
    })
    afterAll(() => store.close())

    const put = (...documents: Parameters<VectorStore['replace']>[1]): Promise<void> => store.replace(generation, documents)
    const indices = (id = generation.id) => [`datashare-similarity-passages-${id}`, `datashare-similarity-documents-${id}`] as const
    const byStem = async (stem: string) => (await store.documentWords(project, generation, [stem], { limit: 10, filter: {} })).map(({ documentId }) => documentId)

    it('answers with the vectors in full, and compares with every passage where it is told to', async () => {
      const angle = (index: number): Float32Array => new Float32Array([Math.cos(index / 1_000), Math.sin(index / 1_000)])
      await put(aDocument({ id: 'long', texts: Array.from({ length: 6_000 }, (_, index) => `page ${index}`), embeddings: Array.from({ length: 6_000 }, (_, index) => angle(index)) }))
      const [exact = []] = await store.meaning(project, generation, [angle(3_000)], { limit: 5, filter: {}, exact: true })
      const [byIndex = []] = await store.meaning(project, generation, [angle(3_000)], { limit: 5, filter: {} })

      expect(exact.map(({ ordinal }) => ordinal).sort()).toEqual([2_998, 2_999, 3_000, 3_001, 3_002])
      expect(exact[0]).toMatchObject({ ordinal: 3_000, score: expect.closeTo(1, 6) as number })
      expect(byIndex[0]!.score).toBeGreaterThan(0.9999)
      expect((await store.passagesOf(project, generation, 'long')).map(({ embedding }) => embedding[0])).toEqual(Array.from({ length: 6_000 }, (_, index) => angle(index)[0]))
      await store.remove(generation, ['long'])
    }, 180_000)

    it('finds the nearest by compressed vectors of the length that models have', async () => {
      const long = aGeneration('a', 384)
      await store.create(long)
      const [query = axis(0, 384), ...vectors] = unitVectors(301, 384)
      await store.replace(long, vectors.map((vector, index) => aDocument({ id: `d${index}`, embeddings: [vector] })))
      const cosine = (vector: Float32Array): number => vector.reduce((sum, value, index) => sum + value * (query[index] ?? 0), 0)
      const expected = vectors.map((vector, index) => ({ id: `d${index}`, score: cosine(vector) })).sort((a, b) => b.score - a.score).slice(0, 10)
      const [found = []] = await store.meaning(project, long, [query], { limit: 10, filter: {} })

      expect(found.map(({ documentId }) => documentId)).toEqual(expected.map(({ id }) => id))
      found.forEach(({ score }, index) => expect(score).toBeCloseTo(expected[index]!.score, 5))
      await store.drop(long)
    })

    it('finds words at both ends of a document of two million letters, once, and none of them when it has shrunk', async () => {
      const content = `Zeppelin. ${'The minutes of the parish council. '.repeat(60_000)} Zanzibar is far.`
      await put(aDocument({ id: 'book', texts: [content] }), aDocument({ id: 'leaf', texts: ['Zanzibar'] }))
      const held = async (phrase: string) => (await store.withPhrases(project, generation, [phrase], { limit: 10, filter: {} })).sort()

      expect(await held('zanzibar is far')).toEqual(['book'])
      expect(await held('zeppelin the minutes')).toEqual(['book'])
      expect((await byStem('en:zanzibar')).sort()).toEqual(['book', 'leaf'])
      expect(await byStem('en:parish')).toEqual(['book'])
      await put(aDocument({ id: 'book', texts: ['Nothing of this.'] }))
      expect([await held('zanzibar'), await byStem('en:parish')]).toEqual([['leaf'], []])
    }, 180_000)

    it('finds by words what the embedded store finds, in any language', async () => {
      const texts = [
        'The account CH93-0076-2011 at KY1-1104 was opened by j.smith@example.org', 'Les sociétés de l’entreprise d\'Afrique, à la présidence', 'Ein Konto in Zürich; die Straße nach Łódź, Ærø und Þórshöfn',
        '株式会社の株主名簿と取締役会の議事録', '公司的股東名單在香港', 'สัญญาเช่าเรือฉบับนี้ทำขึ้นที่กรุงเทพ', 'وثائق بنما عن الشركات', 'перевод средств через Кипр, счёт №40817', 'Η εταιρεία στην Κύπρο', 'חברה רשומה בקפריסין', '주식회사 주주 명부', 'the quick brown fox of Łódź',
      ]
      const documents = texts.map((text, index) => aDocument({ id: `d${String(index).padStart(2, '0')}`, texts: [text] }))
      const folder = await mkdtemp(join(tmpdir(), 'similarity-both-'))
      const embedded = await openLanceStore({ folder, log })
      const both = [embedded, store].map(each => ({ each, generation: aGeneration('a', 2) }))
      for (const { each, generation: own } of both) {
        await each.create(own)
        await each.replace(own, documents)
      }
      const words = ['CH93-0076-2011', 'smith', 'example', 'entreprise', 'afrique', 'PRESIDENCE', 'zurich', 'strasse', 'lodz', 'aero', 'thorshofn', '株主', '議事録', '股東', '香港', 'สัญญา', 'กรุงเทพ', 'بنما', 'перевод', 'счёт', '40817', 'εταιρεία', 'חברה', '주주', 'fox of']
      const found = await Promise.all(both.map(({ each, generation: own }) => Promise.all(words.map(async terms =>
        [terms, ...(await each.words(project, own, { terms, phrases: [] }, { limit: 20, filter: {} })).map(({ documentId }) => documentId)]))))
      await embedded.close()
      await rm(folder, { recursive: true })

      expect(found[1]).toEqual(found[0])
    })

    it('takes away what a write has left that was stopped before its row', async () => {
      await put(aDocument({ id: 'torn', texts: ['one', 'two', 'three'] }))
      const [, documents] = indices()
      const { hits } = await ask<{ hits: { hits: { _id: string }[] } }>('POST', `${documents}/_search`, { query: { bool: { filter: [{ term: { documentId: 'torn' } }, { exists: { field: 'status' } }] } } })
      await ask('DELETE', `${documents}/_doc/${encodeURIComponent(hits.hits[0]!._id)}?refresh=true`)
      await put(aDocument({ id: 'torn', texts: ['uno'] }))

      expect((await store.passagesOf(project, generation, 'torn')).map(({ text }) => text)).toEqual(['uno'])
    })

    // Elasticsearch keeps what a copy of the index might still have to be told, and looks after half a minute whether it must.
    it.runIf(isLong)('R13 (long): keeps no entry of a removed text once it is maintained half a minute later', async () => {
      await put(aDocument({ id: 'doomed', texts: ['canary'] }))
      await store.remove(generation, ['doomed'])
      await expect.poll(async () => {
        await store.maintain(generation)
        const { _all: { primaries } } = await ask<{ _all: { primaries: { docs: { deleted: number } } } }>('GET', `${indices().join(',')}/_stats/docs`)
        return primaries.docs.deleted
      }, { timeout: 90_000, interval: 2_000 }).toBe(0)
    }, 240_000)

    it('waits where the disk of Elasticsearch is full, and goes on when it is not', async () => {
      for (const name of indices()) await ask('PUT', `${name}/_settings`, { 'index.blocks.read_only_allow_delete': true })
      const refused = await codeOf(put(aDocument({ id: 'late' })))
      for (const name of indices()) await ask('PUT', `${name}/_settings`, { 'index.blocks.read_only_allow_delete': null })
      await put(aDocument({ id: 'late' }))

      expect(refused).toBe('disk_full')
      expect(await store.row(project, generation, 'late')).toMatchObject({ status: 'vectorized' })
    })

    it.each([429, 503, 'half'] as const)('R5: calls a %s a failure that passes, so that a task tries again', async (fault) => {
      await using proxy = await openFaultyProxy(elasticsearch.url)
      const beside = await openElasticsearchStore({ url: proxy.url, log })
      proxy.faultOf = ({ path }) => (path.includes('_bulk') ? fault : null)
      const refused = await codeOf(beside.replace(generation, [aDocument({ id: 'again' })]))
      proxy.faultOf = () => null
      await beside.replace(generation, [aDocument({ id: 'again' })])
      await beside.close()

      expect(refused).toBe('elasticsearch_unreachable')
      expect(await byStem('en:again')).toEqual(['again'])
    })

    it('trusts no index of its name that it has not made, and leaves it as it is', async () => {
      const other = aGeneration('a', 2)
      const [passages, documents] = indices(other.id)
      await ask('PUT', passages, { mappings: { properties: { secret: { type: 'keyword' } } } })
      await ask('PUT', `${passages}/_doc/1?refresh=true`, { secret: 'mine' })
      const attempts = [await codeOf(store.create(other)), await codeOf(store.replace(other, [aDocument({ id: 'd1' })])), await codeOf(store.row(project, other, 'd1'))]
      const fits = await store.fits(other)
      await store.drop(other)

      expect([...attempts, fits]).toEqual(['index_not_ours', 'index_not_ours', 'index_not_ours', false])
      expect(await ask('GET', `${passages}/_count`)).toMatchObject({ count: 1 })
      expect(await ask('GET', documents)).toMatchObject({ status: 404 })
    })

    it('R19: does not fit where another version of the companion has laid the indices out, and can still drop them', async () => {
      const other = aGeneration('a', 2)
      await store.create(other)
      const fitted = await store.fits(other)
      await ask('PUT', `${indices(other.id)[0]}/_mapping`, { _meta: { owner: 'datashare-similarity', generation: other.id, layout: 99, dimensions: 2 } })

      expect([fitted, await store.fits(other), await store.fits(aGeneration('a', 2))]).toEqual([true, false, true])
      await store.drop(other)
      expect(await ask('GET', indices(other.id)[0])).toMatchObject({ status: 404 })
    })

    it('says that the vectors are gone where somebody has deleted an index, and never lets a write make one anew', async () => {
      const other = aGeneration('a', 2)
      await store.create(other)
      for (const name of indices(other.id)) await ask('DELETE', name)
      const attempts = [await codeOf(store.replace(other, [aDocument({ id: 'd1' })])), await codeOf(store.touch(other, [{ documentId: 'd1', extractionDate: null }])), await codeOf(store.statistics(other))]

      expect(attempts).toEqual(['vectors_missing', 'vectors_missing', 'vectors_missing'])
      expect(await ask('GET', indices(other.id)[0])).toMatchObject({ status: 404 })
      await store.create(other)
      expect(await store.meaning(project, other, [axis(0, 2)], { limit: 1, filter: {} })).toEqual([[]])
      await store.drop(other)
    })
  })
})

const infoOf = (number: string) => serveHttp((_, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'X-Elastic-Product': 'Elasticsearch' }).end(JSON.stringify({ name: 'n', cluster_name: 'c', version: { number }, tagline: 'You Know, for Search' }))
})

it.each([['7.17.28', 'elasticsearch_too_old'], ['8.11.4', 'elasticsearch_too_old'], ['8.12.0', 'no error'], ['9.1.0', 'no error']])('an Elasticsearch %s as the store: %s', async (number, code) => {
  await using server = await infoOf(number)
  const opened = openElasticsearchStore({ url: server.url, log })
  expect(await codeOf(opened)).toBe(code)
  await opened.then(store => store.close(), () => undefined)
})

it('an Elasticsearch that does not answer stops the start', async () => {
  expect(await codeOf(openElasticsearchStore({ url: 'http://127.0.0.1:9', log, waitAtStart: 0 }))).toBe('elasticsearch_unreachable')
})
