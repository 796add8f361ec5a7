import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@lancedb/lancedb'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createLogger } from '../../log.ts'
import { watchPeak } from '../../testing/peak-memory.ts'
import { storeConformance } from '../../testing/store-conformance.ts'
import { aDocument, aGeneration, grantedProject } from '../../testing/store-documents.ts'
import type { Generation } from '../generation.ts'
import type { VectorStore } from '../store.ts'
import { openLanceStore } from './lancedb.ts'
import { passagesTable, tableNames } from './schema.ts'

const log = createLogger('silent')
const project = grantedProject('a')

async function openInTemporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'similarity-store-'))
  const openHere = () => openLanceStore({ folder, log })
  let store = await openHere()
  return {
    folder,
    store,
    fresh: async (dimensions: number) => {
      const generation = aGeneration('a', dimensions)
      await store.create(generation)
      return generation
    },
    reopen: async () => {
      await store.close()
      store = await openHere()
      return store
    },
    remains: async ({ id }: { id: string }) => (await readdir(folder, { recursive: true })).filter(name => name.includes(id)).length,
    dispose: async () => {
      await store.close()
      await rm(folder, { recursive: true })
    },
    async [Symbol.asyncDispose]() { await this.dispose() },
  }
}

/** Names of the files below the folder that hold these bytes. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const held = await Promise.all(files.map(async file => (await readFile(file)).includes(text)))
  return files.filter((_, index) => held[index])
}

storeConformance('LanceDB', openInTemporaryFolder)

it('lets nobody but the owner into its folder', async () => {
  await using opened = await openInTemporaryFolder()
  expect((await stat(opened.folder)).mode & 0o777).toBe(0o700)
})

it('never writes the name of a project into a path', async () => {
  await using opened = await openInTemporaryFolder()
  await opened.store.create(aGeneration('secret-project', 2))
  expect((await readdir(opened.folder, { recursive: true })).some(name => name.includes('secret-project'))).toBe(false)
})

it('refuses a generation whose id could be a path', async () => {
  await using opened = await openInTemporaryFolder()
  await expect(opened.store.create({ ...aGeneration('a', 2), id: '../elsewhere' })).rejects.toThrow('internal')
})

it('counts its bytes while folders of indices come and go', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = await opened.fresh(2)
  const indices = join(opened.folder, `${tableNames(generation).passages}.lance`, '_indices')
  let isCounted = false
  const churn = async (): Promise<void> => {
    while (!isCounted) {
      const folders = Array.from({ length: 40 }, (_, number) => join(indices, `gone-${number}`, 'part'))
      await Promise.all(folders.map(folder => mkdir(folder, { recursive: true })))
      await Promise.all(folders.map(folder => rm(join(folder, '..'), { recursive: true, force: true })))
    }
  }
  const churning = churn()

  for (let time = 0; time < 60; time++) expect((await opened.store.statistics(generation)).bytes).toBeGreaterThan(0)

  isCounted = true
  await churning
})

it('leaves no byte of a replaced text once it is maintained', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  await opened.store.create(generation)
  await opened.store.replace(generation, [aDocument({ id: 'd1', texts: ['canary7f3 sings'] })])
  await opened.store.maintain(generation)
  expect(await filesWith(opened.folder, 'canary7f3')).not.toEqual([])
  await opened.store.replace(generation, [aDocument({ id: 'd1', texts: ['nothing sings'] })])
  await opened.store.maintain(generation)
  expect(await filesWith(opened.folder, 'canary7f3')).toEqual([])
})

it('leaves no byte of one removed text among many, whose words are still found, once it is maintained', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  const others = Array.from({ length: 60 }, (_, index) => aDocument({ id: `d${index}`, texts: [`Minutes number ${index} of the parish council.`] }))
  await opened.store.create(generation)
  await opened.store.replace(generation, [...others, aDocument({ id: 'doomed', texts: ['kanariengelb7f3'] })])
  await opened.store.maintain(generation)
  expect(await filesWith(opened.folder, 'kanariengelb7f3')).not.toEqual([])

  await opened.store.remove(generation, ['doomed'])
  await opened.store.maintain(generation)

  expect(await filesWith(opened.folder, 'kanariengelb7f3')).toEqual([])
  expect(await opened.store.words(project, generation, { terms: 'kanariengelb7f3', phrases: [] }, { limit: 5, filter: {} })).toEqual([])
  expect(await opened.store.words(project, generation, { terms: 'parish', phrases: [] }, { limit: 100, filter: {} })).toHaveLength(60)
}, 60_000)

it.each([
  { how: 'is replaced', gone: async (store: VectorStore, generation: Generation) => store.replace(generation, [aDocument({ id: 'doomed', texts: ['Minutes of nothing at all.'] })]) },
  { how: 'is removed while so much is written that it is compacted on the way', gone: async (store: VectorStore, generation: Generation) => {
    await store.remove(generation, ['doomed'])
    await store.replace(generation, [aDocument({ id: 'long', texts: Array.from({ length: 5_100 }, (_, index) => `Minutes, page ${index}.`) })])
  } },
])('leaves no byte of a text among many that $how, once it is maintained', async ({ gone }) => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  const others = Array.from({ length: 60 }, (_, index) => aDocument({ id: `d${index}`, texts: [`Minutes number ${index} of the parish council.`] }))
  await opened.store.create(generation)
  await opened.store.replace(generation, [...others, aDocument({ id: 'doomed', texts: ['kanariengelb7f3'] })])
  await opened.store.maintain(generation)

  await gone(opened.store, generation)
  await opened.store.maintain(generation)

  expect(await filesWith(opened.folder, 'kanariengelb7f3')).toEqual([])
})

it('S20: leaves no byte of one removed text in a table of sixty thousand passages, and still finds the others by words and by meaning', async () => {
  await using opened = await openInTemporaryFolder()
  const { store, folder } = opened
  const generation = aGeneration('a', 2)
  await store.create(generation)
  const angle = (index: number): Float32Array => new Float32Array([Math.cos(index / 60_000), Math.sin(index / 60_000)])
  for (let from = 0; from < 60; from += 20) {
    await store.replace(generation, Array.from({ length: 20 }, (_, each) => aDocument({
      id: `d${from + each}`,
      texts: Array.from({ length: 1_000 }, (_, ordinal) => `Minutes of session ${ordinal}, file ${from + each}.`),
      embeddings: Array.from({ length: 1_000 }, (_, ordinal) => angle((from + each) * 1_000 + ordinal)),
    })))
  }
  await store.replace(generation, [aDocument({ id: 'doomed', texts: ['kanariengelb7f3'], embeddings: [angle(0)] })])
  await store.maintain(generation)
  expect(await filesWith(folder, 'kanariengelb7f3')).not.toEqual([])

  await store.remove(generation, ['doomed'])
  await store.maintain(generation)

  expect(await filesWith(folder, 'kanariengelb7f3')).toEqual([])
  expect(await store.words(project, generation, { terms: 'kanariengelb7f3', phrases: [] }, { limit: 5, filter: {} })).toEqual([])
  const byWords = await store.words(project, generation, { terms: 'session 777', phrases: ['session 777'] }, { limit: 100, filter: {} })
  expect(new Set(byWords.slice(0, 60).map(({ ordinal }) => ordinal))).toEqual(new Set([777]))
  const [byMeaning] = await store.meaning(project, generation, [angle(30_500)], { limit: 1, filter: {} })
  expect(byMeaning).toMatchObject([{ documentId: 'd30' }])
}, 180_000)

it('takes removed texts away while people search', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  await opened.store.create(generation)
  await opened.store.replace(generation, Array.from({ length: 40 }, (_, index) => aDocument({ id: `d${index}`, texts: [`Minutes number ${index} of the parish council.`] })))
  const found: number[] = []
  for (let round = 0; round < 3; round++) {
    await opened.store.remove(generation, [`d${round}`])
    const searches = Array.from({ length: 30 }, async () => {
      const passages = await opened.store.words(project, generation, { terms: 'parish', phrases: [] }, { limit: 100, filter: {} })
      found.push(passages.length)
    })
    await Promise.all([opened.store.maintain(generation), ...searches])
  }
  expect(Math.min(...found)).toBeGreaterThanOrEqual(37)
  expect(Math.max(...found)).toBeLessThanOrEqual(39)
}, 60_000)

it('keeps what a running read reads while it is maintained', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  await opened.store.create(generation)
  // Many small files: the read does not hold them all open from the start.
  const batches = Array.from({ length: 60 }, (_, batch) => Array.from({ length: 10 }, (_, index) => aDocument({ id: `d${batch}-${index}`, texts: [], row: { status: 'empty' } })))
  for (const batch of batches) await opened.store.replace(generation, batch)
  let rows = 0
  for await (const page of opened.store.rows(generation)) {
    if (rows === 0) {
      await opened.store.remove(generation, batches.flat().map(({ row }) => row.documentId))
      await opened.store.maintain(generation)
    }
    rows += page.length
  }
  expect(rows).toBe(600)
})

it('stays small when the same documents come again and again', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  await opened.store.create(generation)
  const documents = Array.from({ length: 200 }, (_, index) => aDocument({ id: `d${index}` }))
  const sizes: number[] = []
  for (let round = 0; round < 6; round++) {
    await opened.store.replace(generation, documents)
    await opened.store.maintain(generation)
    sizes.push((await opened.store.statistics(generation)).bytes)
  }
  expect(sizes.at(-1)).toBeLessThan((sizes[0] ?? 0) * 1.5)
})

it('finds the words within French elisions and the same words with another apostrophe', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  await opened.store.create(generation)
  await opened.store.replace(generation, [aDocument({ id: 'd1', texts: ['l’entreprise d\'Afrique'] })])
  const found = async (terms: string) => (await opened.store.words(project, generation, { terms, phrases: [] }, { limit: 5, filter: {} })).length
  expect([await found('entreprise'), await found('l\'entreprise'), await found('Afrique')]).toEqual([1, 1, 1])
})

it('does again what a crash has cut short between the new passages of a document and the removal of the old ones', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 2)
  await opened.store.create(generation)
  const [old, now] = [aDocument({ id: 'd1', texts: ['one', 'two', 'three'] }), aDocument({ id: 'd1', texts: ['uno', 'dos'] })]
  await opened.store.replace(generation, [old, aDocument({ id: 'd2' })])
  // As it is left: both are there.
  const connection = await connect(opened.folder)
  await (await connection.openTable(`passages-${generation.id}`)).add(passagesTable([now], 2))
  connection.close()
  expect(await opened.store.passagesOf(project, generation, 'd1')).toHaveLength(5)

  await opened.store.replace(generation, [now])

  expect((await opened.store.passagesOf(project, generation, 'd1')).map(({ text }) => text)).toEqual(['uno', 'dos'])
  expect((await opened.store.statistics(generation)).passages).toBe(3)
})

it.runIf(process.platform === 'linux')('replaces one document among thirty thousand passages without holding them all', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = aGeneration('a', 384)
  const embedding = new Float32Array(384).fill(1)
  const documentOf = (number: number, size: number) => {
    const texts = Array.from({ length: size }, (_, index) => `p${index}`)
    return aDocument({ id: `d${number}`, texts, embeddings: texts.map(() => embedding) })
  }
  await opened.store.create(generation)
  const connection = await connect(opened.folder)
  const table = await connection.openTable(`passages-${generation.id}`)
  for (let from = 0; from < 30; from += 5) await table.add(passagesTable(Array.from({ length: 5 }, (_, index) => documentOf(from + index, 1_000)), 384))
  connection.close()

  using memory = watchPeak(5)
  const before = memory.most()
  await opened.store.replace(generation, [documentOf(7, 3)])
  const most = memory.most()

  expect((await opened.store.statistics(generation)).passages).toBe(29_003)
  // The vectors alone are 46 MB.
  expect(most - before).toBeLessThan(30)
}, 60_000)

it('a document stays written where the compaction after it fails', async () => {
  await using opened = await openInTemporaryFolder()
  const generation = await opened.fresh(2)
  const connection = await connect(opened.folder)
  onTestFinished(() => connection.close())
  const table = await connection.openTable(tableNames(generation).passages)
  const spy = vi.spyOn(Object.getPrototypeOf(table) as typeof table, 'optimize').mockRejectedValue(new Error('Too many open files'))
  onTestFinished(() => spy.mockRestore())

  await opened.store.replace(generation, [aDocument({ id: 'long', texts: Array.from({ length: 5_000 }, (_, index) => `page ${index}`) })])

  expect(spy).toHaveBeenCalled()
  expect(await opened.store.row(project, generation, 'long')).toMatchObject({ status: 'vectorized', passages: 5_000 })
  expect((await opened.store.statistics(generation)).passages).toBe(5_000)
})
