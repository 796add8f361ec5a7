import { readdirSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import express from 'express'
import { extract } from 'tar'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, type SimilarityError } from '@datashare-similarity/shared'
import { compose, type App } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { VERSION } from '../app/version.ts'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import { createLogger } from '../log.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { KEPT_PROJECT, KEPT_QUESTIONS, KEPT_USER, keptDocuments } from '../testing/kept-documents.ts'
import { codeOf } from '../testing/chain.ts'

const KEPT = join(import.meta.dirname, '../../test-data')
const versions = readdirSync(KEPT).flatMap(name => /^data-folder-(.+)\.tar\.gz$/.exec(name)?.[1] ?? [])
const documents = keptDocuments()

let folder: string
let datashare: TestServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-kept-'))
  datashare = await serveHttp(express().use(createDatashareStandIn({ mode: 'SERVER', users: [KEPT_USER], documents })))
})
afterAll(async () => {
  await datashare[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** A copy of the data folder of a version, for one test. */
async function unpack(version: string): Promise<string> {
  const place = await mkdtemp(join(folder, 'copy-'))
  await extract({ file: join(KEPT, `data-folder-${version}.tar.gz`), cwd: place })
  return join(place, version)
}

const open = (dataDir: string): Promise<App> =>
  compose(readConfig({ SIMILARITY_PORT: '0', SIMILARITY_THREADS: '1', DATASHARE_URL: datashare.url, SIMILARITY_DATA_DIR: dataDir }), createLogger('silent'), { source: () => Promise.resolve(documents) })

/** Every file with its content. */
async function contentOf(path: string): Promise<Record<string, string>> {
  const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Object.fromEntries(await Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'latin1')])))
}

it('R19: of every version that was released a data folder is kept', () => {
  expect(versions).toEqual(expect.arrayContaining(['0.1.0', VERSION]))
})

describe.each(versions)('a data folder of version %s', (version) => {
  // Where a later version cannot read it any more it has to say so: the project is then as if never vectorized, and an update makes it anew.
  it('R19: is upgraded at the start: what was vectorized still is, and answers', async () => {
    await using app = await open(await unpack(version))
    const alice = createClient({ url: app.url, apiKey: KEPT_USER.apiKey })
    const { coverage, task } = await alice.project(KEPT_PROJECT)
    const first = await Promise.all(KEPT_QUESTIONS.map(async ({ request }) => (await alice.similar(KEPT_PROJECT, request)).results[0]?.documents[0]?.documentId))

    expect(coverage).toMatchObject({ documents: 8, vectorized: 7, empty: 1, failed: 0, missing: 0, stale: 0 })
    expect(first).toEqual(KEPT_QUESTIONS.map(({ answer }) => answer))
    expect(task).toMatchObject({ state: 'DONE', createdBy: 'alice', counts: { documents: 8, done: 7, empty: 1 } })
  })
})

it('R19: one of a version to come is refused, with what to run, and left as it is', async () => {
  const dataDir = await unpack('0.1.0')
  const ledger = new DatabaseSync(join(dataDir, 'ledger.db'))
  ledger.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 99')
  ledger.close()
  const before = await contentOf(dataDir)
  const error = await open(dataDir).then(() => null, (thrown: unknown) => thrown as SimilarityError)

  expect(error).toMatchObject({ code: 'data_folder_newer', detail: expect.stringContaining('version 99') as string })
  expect(error?.entry.fix).toContain('npx datashare-similarity@latest serve')
  expect(await contentOf(dataDir)).toMatchObject(before)
})

it('R19: one whose ledger is damaged is refused, and left as it is', async () => {
  const dataDir = await unpack('0.1.0')
  const path = join(dataDir, 'ledger.db')
  const bytes = await readFile(path)
  bytes.fill(0xff, 4_096, 8_192)
  await writeFile(path, bytes)
  const before = await contentOf(dataDir)

  expect(await codeOf(open(dataDir))).toBe('store_unreadable')
  expect(await contentOf(dataDir)).toMatchObject(before)
})

it('R19: one whose vectors are damaged answers no search from them, but says that it cannot', async () => {
  const dataDir = await unpack('0.1.0')
  const vectors = join(dataDir, 'vectors')
  for (const name of await readdir(vectors, { recursive: true })) {
    if (/passages.*data.*\.lance$/.test(name)) await truncate(join(vectors, name), Math.floor((await stat(join(vectors, name))).size / 2))
  }
  await using app = await open(dataDir)
  const alice = createClient({ url: app.url, apiKey: KEPT_USER.apiKey })
  const codes = await Promise.all(KEPT_QUESTIONS.map(({ request }) => codeOf(alice.similar(KEPT_PROJECT, request))))

  expect(codes.map(code => ['internal', 'store_unreadable'].includes(code))).toEqual([true, true, true])
})
