import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createClient, type SimilarityClient } from '@datashare-similarity/shared'
import { createLogger } from '../log.ts'
import { openDataFolderLock } from '../tasks/local/lock.ts'
import { runCli } from '../testing/companion.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { codeOf, watch } from '../testing/chain.ts'
import { prose } from '../testing/memory-documents.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'
import { backup, restore } from './backup.ts'
import { compose } from './compose.ts'
import { readConfig } from './config.ts'

const DOCUMENTS = 50
/** Those wait until the backup is made. */
const HELD = 10
const QUESTION = { queries: ['who sold the yacht'] }

const documents = createEditableDocuments({
  ready: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`file-${index}`, prose(index, 800)])),
  growing: Object.fromEntries(Array.from({ length: DOCUMENTS }, (_, index) => [`file-${index}`, prose(100 + index, 1_200)])),
})

let folder: string
let companion: GuardedCompanion
let alice: SimilarityClient
/** Of the vectorization that goes on while the backup is made. */
let taskId: string
let copy: string
const released = Promise.withResolvers<undefined>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-backup-'))
  copy = join(folder, 'copy')
  const embedders = watch(createStandInEmbedders())
  companion = await startGuardedCompanion({
    documents, overrides: { embedders: () => Promise.resolve(embedders) },
    users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['ready', 'growing'], roles: [{ role: 'PROJECT_EDITOR', on: '*::*' }] }],
  })
  alice = createClient({ url: companion.url, apiKey: 'alice-key' })
  await companion.vectorize('alice-key', 'ready')
  let begun = 0
  embedders.gate = async () => {
    begun++
    await (begun > DOCUMENTS - HELD ? released.promise : pause(10))
  }
  taskId = (await alice.vectorize('growing', { batchSize: 2 })).id
  await vi.waitUntil(async () => (await alice.task(taskId)).counts.done > 2, { timeout: 60_000, interval: 20 })
  await backup(companion.dataDir, copy)
  expect((await alice.task(taskId)).state).toBe('RUNNING')
})
afterAll(async () => {
  released.resolve(undefined)
  await companion[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const modesBelow = async (path: string): Promise<Set<string>> => new Set(await Promise.all((await readdir(path, { recursive: true, withFileTypes: true }))
  .map(async entry => `${entry.isDirectory() ? 'folder' : 'file'} ${((await stat(join(entry.parentPath, entry.name))).mode & 0o777).toString(8)}`)))

it('made while a vectorization runs and restored elsewhere, it gives the same answers, and the vectorization goes on by itself', async () => {
  const before = await alice.similar('ready', QUESTION)
  const dataDir = join(folder, 'restored')
  const { code, stdout } = await runCli(['restore', copy, '--json'], { SIMILARITY_DATA_DIR: dataDir })
  await using restored = await compose(readConfig({ SIMILARITY_PORT: '0', DATASHARE_URL: companion.datashareUrl, SIMILARITY_DATA_DIR: dataDir }), createLogger('silent'), {
    source: () => Promise.resolve(documents), embedders: () => Promise.resolve(createStandInEmbedders()),
  })
  const elsewhere = createClient({ url: restored.url, apiKey: 'alice-key' })

  expect({ code, answer: JSON.parse(stdout) as unknown }).toMatchObject({ code: 0, answer: { folder: dataDir } })
  const after = await elsewhere.similar('ready', QUESTION)
  expect(after.results[0]?.documents.length).toBeGreaterThan(0)
  expect(after).toMatchObject({ results: before.results, generation: before.generation })
  await expect.poll(async () => (await elsewhere.task(taskId)).state, { timeout: 60_000 }).toBe('DONE')
  expect((await elsewhere.task(taskId)).counts).toMatchObject({ documents: DOCUMENTS, done: DOCUMENTS, failed: 0 })
  expect((await elsewhere.project('growing')).coverage).toMatchObject({ documents: DOCUMENTS, vectorized: DOCUMENTS, missing: 0, stale: 0 })
}, 120_000)

it('is closed to others, and leaves nothing in the data folder', async () => {
  expect((await stat(copy)).mode & 0o777).toBe(0o700)
  expect([...await modesBelow(copy)].sort()).toEqual(['file 600', 'folder 700'])
  expect(await readdir(companion.dataDir)).not.toContain('snapshot')
})

it('is refused in a folder with something in it, in the data folder itself, and where there is nothing to back up', async () => {
  expect(await codeOf(backup(companion.dataDir, copy))).toBe('configuration_wrong')
  expect(await codeOf(backup(companion.dataDir, join(companion.dataDir, 'copy')))).toBe('configuration_wrong')
  expect(await codeOf(backup(join(folder, 'nothing'), join(folder, 'other')))).toBe('configuration_wrong')
  expect(await codeOf(restore(copy, companion.dataDir))).toBe('configuration_wrong')
})

it('is not restored where a byte of it has changed, a file is missing, or it was not completed; nothing is left then', async () => {
  const path = (await readdir(copy, { recursive: true })).find(name => /passages.*data.*\.lance$/.test(name))!
  const bytes = await readFile(join(copy, path))
  const target = join(folder, 'spoilt')
  const changed = Buffer.from(bytes)
  changed[10] = (changed[10] ?? 0) ^ 1
  await writeFile(join(copy, path), changed)
  expect(await codeOf(restore(copy, target))).toBe('backup_unusable')
  await rm(join(copy, path))
  expect(await codeOf(restore(copy, target))).toBe('backup_unusable')
  await writeFile(join(copy, path), bytes)
  const manifest = await readFile(join(copy, 'backup.json'))
  await rm(join(copy, 'backup.json'))
  expect(await codeOf(restore(copy, target))).toBe('backup_unusable')
  await writeFile(join(copy, 'backup.json'), manifest)

  expect(await readdir(target)).toEqual([])
})

it('what a backup that was killed has left goes at the next start, but not that of one that is being made', async () => {
  const dataDir = join(folder, 'left')
  const snapshot = join(dataDir, 'snapshot')
  const start = async (): Promise<void> => {
    const app = await compose(readConfig({ SIMILARITY_PORT: '0', DATASHARE_URL: companion.datashareUrl, SIMILARITY_DATA_DIR: dataDir }), createLogger('silent'), {
      source: () => Promise.resolve(documents), embedders: () => Promise.resolve(createStandInEmbedders()),
    })
    await app.close()
  }
  await start()
  await mkdir(snapshot)
  const other = await openDataFolderLock(dataDir, 'backup')
  await start()
  expect(await readdir(dataDir)).toContain('snapshot')
  expect(await codeOf(backup(dataDir, join(folder, 'second')))).toBe('data_folder_busy')
  await other.close()
  await start()

  expect(await readdir(dataDir)).not.toContain('snapshot')
})
