import { cp, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { collect } from '../testing/collect.ts'
import { projectName } from './access.ts'
import { openFolderDocuments, type FolderDocuments } from './folder.ts'
import type { DocumentRef, SourceDocument } from './source.ts'

const COLLECTION = join(import.meta.dirname, '../../../e2e/collection')
const MERIDIAN = projectName('meridian')
const ATTACHMENT = 'inbox/2013/nominee-fees.eml/fee-schedule.xlsx'
const signal = new AbortController().signal

let dir: string
let folder: FolderDocuments

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'similarity-folder-'))
  await cp(COLLECTION, dir, { recursive: true })
  folder = await openFolderDocuments(dir)
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const scanned = async (): Promise<DocumentRef[]> => (await collect(folder.scan(MERIDIAN, signal))).flat()
const fetched = (refs: readonly DocumentRef[]): Promise<SourceDocument[]> => collect(folder.fetch(MERIDIAN, refs, signal))

it('gives each document of a project once, with an id like Datashare\'s', async () => {
  const refs = await scanned()
  const { documents, characters } = await folder.count(MERIDIAN)
  expect(refs.length).toBe(documents)
  expect(new Set(refs.map(({ id }) => id)).size).toBe(documents)
  expect(refs.every(({ id }) => /^[0-9a-f]{96}$/.test(id))).toBe(true)
  expect(refs.reduce((sum, ref) => sum + ref.characters, 0)).toBe(characters)
})

it('shows an attachment at its container\'s path, under its own name', async () => {
  const documents = await folder.documents(MERIDIAN)
  const attachment = documents.find(({ title }) => title === 'fee-schedule.xlsx')
  const container = documents.find(({ title }) => title === 'nominee-fees.eml')
  expect(container).toMatchObject({ path: '/vault/meridian/inbox/2013/nominee-fees.eml', dirname: '/vault/meridian/inbox/2013', parentId: null, tags: ['key'] })
  expect(attachment).toMatchObject({ path: container?.path, rootId: container?.id, parentId: container?.id })
})

it('fetches contents, and knows the length before', async () => {
  const refs = await scanned()
  const documents = await fetched(refs)
  expect(documents.map(({ id, rootId, characters, extractionDate }) => ({ id, rootId, characters, extractionDate }))).toEqual(refs)
  expect(documents.every(({ content, characters }) => content.length === characters)).toBe(true)
})

it('leaves out a document whose text is deleted, also between scan and fetch', async () => {
  const before = await scanned()
  await rm(join(dir, 'meridian', `${ATTACHMENT}.txt`))
  expect(await fetched(before)).toHaveLength(before.length - 1)
  expect(await scanned()).toHaveLength(before.length - 1)
})

it('tells a text that was written anew by its extraction date', async () => {
  const file = join(dir, 'meridian', `${ATTACHMENT}.txt`)
  await writeFile(file, 'Another text.')
  await utimes(file, new Date(), new Date('2031-05-06T07:08:09.000Z'))
  expect((await scanned()).find(({ extractionDate }) => extractionDate === '2031-05-06T07:08:09.000Z')).toMatchObject({ characters: 13 })
})

it('has no index for a project that it does not hold', async () => {
  await expect(folder.count(projectName('unheard-of'))).rejects.toMatchObject({ code: 'index_missing' })
})

it('refuses a collection that leads out of its folder', async () => {
  const documents = [{ path: '../secret', language: 'ENGLISH', contentType: 'text/plain', creationDate: null, tags: [] }]
  await writeFile(join(dir, 'collection.json'), JSON.stringify({ projects: [{ name: 'demo', label: '', description: '', documents }] }))
  await expect(openFolderDocuments(dir)).rejects.toMatchObject({ code: 'configuration_wrong' })
})
