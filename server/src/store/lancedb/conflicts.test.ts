import './environment.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@lancedb/lancedb'
import { beforeEach, expect, it } from 'vitest'
import { createLogger } from '../../log.ts'
import { aDocument, aGeneration } from '../../testing/store-documents.ts'
import type { DocumentWrite, VectorStore } from '../store.ts'
import { openLanceStore } from './lancedb.ts'

const DOCUMENTS = 300
const DIMENSIONS = 64
const ROUNDS = 25

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-conflicts-'))
  return () => rm(folder, { recursive: true, force: true })
})

const open = (name: string): Promise<VectorStore> => openLanceStore({ folder: join(folder, name), log: createLogger('silent') })
const embedding = (number: number): Float32Array => Float32Array.from({ length: DIMENSIONS }, (_, index) => Math.sin(number * 31 + index))
const version = (number: number, round: number): DocumentWrite => {
  const texts = Array.from({ length: 4 }, (_, index) => `Document ${number} in its version ${round}, part ${index}: a letter about harbours, ships and their owners.`)
  return aDocument({ id: `d${number}`, texts, embeddings: texts.map((_, index) => embedding(number * 7 + round * 3 + index)) })
}

it('R13: what another connection deletes while the store compacts and writes is a conflict that is tried again', async () => {
  const store = await open('a')
  const generation = aGeneration('a', DIMENSIONS)
  await store.create(generation)
  for (let number = 0; number < DOCUMENTS; number += 10) await store.replace(generation, Array.from({ length: 10 }, (_, index) => version(number + index, 0)))
  const other = await connect(join(folder, 'a'))
  const table = await other.openTable(`passages-${generation.id}`)
  const deleted = new AbortController()
  const deleting = (async () => {
    for (let number = 0; number < 40; number++) {
      await table.checkoutLatest()
      // Its own conflicts are not what is tested.
      await table.delete(`documentId = 'd${number}'`).catch(() => undefined)
    }
    deleted.abort()
  })()
  let rounds = 0
  for (; !deleted.signal.aborted || rounds < 5; rounds++) {
    await Promise.all([store.maintain(generation), store.replace(generation, [version(DOCUMENTS - 1, rounds), version(DOCUMENTS - 2, rounds)]), store.remove(generation, [`d${100 + rounds}`])])
  }
  await deleting
  other.close()
  await store.maintain(generation)

  const rows = []
  for await (const page of store.rows(generation)) rows.push(...page.map(({ documentId }) => documentId))
  expect(new Set(rows).size).toBe(rows.length)
  expect(rows.length).toBe(DOCUMENTS - rounds)
  await store.close()
}, 120_000)

it('R13: after many updates and removals the store takes at most half as much again as one that is built anew', async () => {
  const [worn, fresh] = [await open('worn'), await open('fresh')]
  const generation = aGeneration('a', DIMENSIONS)
  await worn.create(generation)
  const now = new Map(Array.from({ length: DOCUMENTS }, (_, number) => [number, version(number, 0)]))
  await worn.replace(generation, [...now.values()])
  for (let round = 1; round <= ROUNDS; round++) {
    const changed = Array.from({ length: 30 }, (_, index) => (round * 17 + index * 7) % DOCUMENTS).filter(number => now.has(number))
    for (const number of changed) now.set(number, version(number, round))
    await worn.replace(generation, changed.map(number => now.get(number)!))
    await worn.touch(generation, [{ documentId: 'd3', extractionDate: `2026-01-${String(round).padStart(2, '0')}` }])
    now.delete(round * 2)
    await worn.remove(generation, [`d${round * 2}`])
    if (round % 5 === 0) await worn.maintain(generation)
  }
  await fresh.create(generation)
  await fresh.replace(generation, [...now.values()])
  await fresh.maintain(generation)

  const [old, anew] = [await worn.statistics(generation), await fresh.statistics(generation)]
  expect(old.passages).toBe(anew.passages)
  expect(old.bytes).toBeLessThanOrEqual(anew.bytes * 1.5)
  await Promise.all([worn.close(), fresh.close()])
}, 120_000)
