import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Table } from '@lancedb/lancedb'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ofDocuments, searchFilter } from './filter.ts'

const hostile = ['\'', '\'\'', '\\', '\\\'', '\0', '"', '%', '_', '`', '--', '/*', ';', ')', '\n', '\ud800', '\udc00', '\u2028', '${x}', '\' OR \'1\'=\'1']
const id = fc.string({ unit: fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), minLength: 1, maxLength: 12 })

let folder: string
let table: Table
const neighbours = ['plain', 'd1', 'it\'s', 'back\\slash', 'nul\0', '%', '']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-filter-'))
  table = await (await connect(folder)).createTable('documents', neighbours.map(documentId => ({ documentId, dirname: documentId })))
})
afterAll(() => rm(folder, { recursive: true }))

const found = async (where: string, of = table): Promise<unknown[]> =>
  ((await of.query().where(where).select(['documentId']).toArray()) as { documentId: unknown }[]).map(({ documentId }) => documentId).sort()

it('finds exactly the documents that are named, whatever 10,000 ids hold', async () => {
  const ids = fc.sample(id, { numRuns: 10_000, seed: 7 })
  const storable = [...new Set(ids.filter(each => each.isWellFormed()))].map(documentId => ({ documentId, dirname: documentId }))
  const all = await (await connect(folder)).createTable('all', storable)
  expect(ids.some(each => !each.isWellFormed())).toBe(true)
  for (let from = 0; from < ids.length; from += 500) {
    const wanted = ids.slice(from, from + 500)
    expect(await found(ofDocuments(wanted), all)).toEqual([...new Set(wanted)].filter(each => each.isWellFormed()).sort())
  }
})

it('never reaches another row with a hostile id, and never fails', async () => {
  await fc.assert(fc.asyncProperty(id, async (hostileId) => {
    expect(await found(ofDocuments([hostileId]))).toEqual(neighbours.filter(each => each === hostileId))
  }), { numRuns: 300, seed: 7 })
})

it('takes every folder as it is written', async () => {
  await fc.assert(fc.asyncProperty(id, async (path) => {
    const reached = await found(searchFilter({ path }) ?? 'true')
    const parent = path.replace(path.startsWith('/') ? /\/+$/ : /[\\/]+$/, '')
    const isBelow = (dirname: string): boolean => dirname === parent || dirname.startsWith(`${parent}/`) || (!path.startsWith('/') && dirname.startsWith(`${parent}\\`))
    expect(reached).toEqual(path.isWellFormed() ? neighbours.filter(isBelow).sort() : [])
  }), { numRuns: 300, seed: 7 })
})

it('restricts by an empty list of documents only', () => {
  expect(searchFilter({ contentType: [], language: [], excludeDocumentIds: [], excludeRootIds: [] })).toBeUndefined()
  expect(searchFilter({ documentIds: [] })).toBe('false')
})

it('refuses a date that is none', () => {
  expect(() => searchFilter({ creationDate: { from: '1 OR 1=1' } })).toThrow('invalid_request')
})
