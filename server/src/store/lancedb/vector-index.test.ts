import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@lancedb/lancedb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLogger } from '../../log.ts'
import { watchPeak } from '../../testing/peak-memory.ts'
import { dice } from '../../testing/random.ts'
import { aDocument, aGeneration, axis, grantedProject, HALF_PRECISION } from '../../testing/store-documents.ts'
import type { Generation } from '../generation.ts'
import type { DocumentWrite, VectorStore } from '../store.ts'
import { openLanceStore } from './lancedb.ts'
import { tableNames } from './schema.ts'
import { nearestPassages } from './search.ts'
import { createVectorIndices, type VectorIndexNote } from './vector-index.ts'

const project = grantedProject('a')
const DIMENSIONS = 16
const random = dice(3)
let folder: string
let store: VectorStore
let generation: Generation

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-index-'))
  store = await openLanceStore({ folder, log: createLogger('silent') })
  generation = aGeneration('a', DIMENSIONS)
  await store.create(generation)
})

afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

const noteFile = async (): Promise<string> => join(folder, (await readdir(folder)).find(name => name.endsWith('.index.json')) ?? 'none')
const note = async (): Promise<VectorIndexNote> => JSON.parse(await readFile(await noteFile(), 'utf8')) as VectorIndexNote

/** Vectors in every direction: what lies near another is spread over many partitions. */
function scattered(id: string, passages: number): DocumentWrite {
  const embeddings = Array.from({ length: passages }, () => Float32Array.from({ length: generation.dimensions }, () => random.next() - 0.5))
  return aDocument({ id, texts: embeddings.map((_, index) => `passage ${index}`), embeddings })
}

it('compares small tables passage by passage', async () => {
  await store.replace(generation, [scattered('d1', 100)])
  await store.maintain(generation)

  expect((await store.meaning(project, generation, [axis(0, DIMENSIONS)], { limit: 3, filter: {} }))[0]).toHaveLength(3)
  await expect(note()).rejects.toThrow()
})

it('finds by the index what an exact scan finds, fills a list that a filter leaves few passages for, and forgets the index with its generation', { timeout: 120_000 }, async () => {
  await store.replace(generation, [scattered('d1', 21_000), { ...scattered('d2', 12), dirname: '/vault/few' }])
  await store.maintain(generation)

  expect(await note()).toMatchObject({ rows: 21_012 })
  expect((await note()).recall).toBeGreaterThanOrEqual(0.99)
  expect((await stat(await noteFile())).mode & 0o077).toBe(0)
  const [exact, found] = await Promise.all([true, false].map(isExact => store.meaning(project, generation, [axis(3, DIMENSIONS), axis(5, DIMENSIONS)], { limit: 10, filter: {}, exact: isExact })))
  for (const [list, hits] of (found ?? []).entries()) {
    const differences = hits.map(({ score }, index) => Math.abs(score - (exact?.[list]?.[index]?.score ?? 0)))
    expect(differences).toHaveLength(10)
    expect(Math.max(...differences)).toBeLessThan(HALF_PRECISION)
  }

  // As in a table that is much larger than what a search reads of its index.
  await writeFile(await noteFile(), JSON.stringify({ ...await note(), probes: 1 }))
  await store.close()
  store = await openLanceStore({ folder, log: createLogger('silent') })
  expect((await store.meaning(project, generation, [axis(0, DIMENSIONS)], { limit: 12, filter: { path: '/vault/few' } }))[0]).toHaveLength(12)

  await store.drop(generation)
  expect((await readdir(folder)).filter(name => name.includes(generation.id))).toEqual([])
})

it('looks for a few vectors at a time where the index does not fit into the cache, and finds the same', { timeout: 120_000 }, async () => {
  await store.replace(generation, [scattered('d1', 20_000)])
  await store.maintain(generation)
  const vectors = Array.from({ length: 10 }, (_, index) => axis(index, DIMENSIONS))
  const connection = await connect(folder)
  const passages = await connection.openTable(tableNames(generation).passages)
  const ask = async (cacheBytes: number) => {
    const index = await createVectorIndices(folder, cacheBytes).reading(generation)
    return { atOnce: index?.atOnce, lists: await nearestPassages(passages, vectors, { limit: 10, filter: {}, index }) }
  }

  const [cached, uncached] = [await ask(1_000_000), await ask(100_000)]
  connection.close()

  expect([cached.atOnce, uncached.atOnce]).toEqual([Infinity, 4])
  expect(uncached.lists).toHaveLength(10)
  expect(uncached.lists).toEqual(cached.lists)
})

it('measures the index without holding it once for each vector that it looks for', { timeout: 120_000 }, async () => {
  await store.close()
  // As small beside this index as the usual ones are beside that of a large project.
  store = await openLanceStore({ folder, log: createLogger('silent'), cacheBytes: { index: 2_000_000n, metadata: 2_000_000n } })
  generation = aGeneration('a', 384)
  await store.create(generation)
  for (let document = 0; document < 40; document++) await store.replace(generation, [scattered(`d${document}`, 1_000)])
  using memory = watchPeak(20)
  const before = memory.most()

  await store.maintain(generation)

  expect((await note()).recall).toBeGreaterThanOrEqual(0.99)
  expect(memory.most() - before).toBeLessThan(150)
})

it('compares passage by passage where an index was made anew and not measured any more', { timeout: 120_000 }, async () => {
  await store.replace(generation, [scattered('d1', 20_000)])
  await store.maintain(generation)
  expect((await note()).rows).toBe(20_000)
  await store.replace(generation, [scattered('d2', 20_000)])
  const cancelled = new AbortController()
  let looks = 0
  vi.spyOn(cancelled.signal, 'throwIfAborted').mockImplementation(() => {
    // When the new index is there.
    if (++looks === 2) cancelled.abort(new Error('enough'))
    if (cancelled.signal.aborted) throw cancelled.signal.reason
  })

  await expect(store.maintain(generation, cancelled.signal)).rejects.toThrow('enough')

  await expect(note()).rejects.toThrow()
  const [exact, found] = await Promise.all([true, false].map(isExact => store.meaning(project, generation, [axis(3, DIMENSIONS)], { limit: 50, filter: {}, exact: isExact })))
  expect(found).toEqual(exact)
  await store.maintain(generation)
  expect((await note()).rows).toBe(40_000)
})

it('makes the index anew once the table has doubled, and not before', { timeout: 120_000 }, async () => {
  const grown: number[] = []
  for (const [id, passages] of [['d1', 20_000], ['d2', 10_000], ['d3', 10_000]] as const) {
    await store.replace(generation, [scattered(id, passages)])
    await store.maintain(generation)
    grown.push((await note()).rows)
  }

  expect(grown).toEqual([20_000, 20_000, 40_000])
})
