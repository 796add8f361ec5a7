import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { examine } from '../app/checks/checks.ts'
import type { CheckName, Finding } from '../app/checks/finding.ts'
import { compose } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { createDatashareStandIn, type StandInOptions } from '../demo/datashare-stand-in.ts'
import { BUNDLED_MODELS_DIR } from '../embedding/registry.ts'
import { createLogger } from '../log.ts'
import { openDatabase } from '../tasks/local/database.ts'
import { openDataFolderLock } from '../tasks/local/lock.ts'
import { runCli } from '../testing/companion.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'

const NOWHERE = 'http://127.0.0.1:9'
const users: StandInOptions['users'] = [{ uid: 'alice', apiKey: 'alice-key', projects: ['vault', 'young'] }]
const documents = createEditableDocuments({ vault: { one: 'A page.' }, young: {} })

let folder: string
/** An Elasticsearch, as far as it is looked at: a version, one index that may be read, one that does not exist. */
let elasticsearch: TestServer
const answers = { version: '8.19.9' }
let datashare: TestServer
const standIn = { mode: 'SERVER' as StandInOptions['mode'], version: '21.18.0' }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-doctor-'))
  const server = express().use((_request, response, next) => {
    response.set('X-Elastic-Product', 'Elasticsearch')
    next()
  })
  server.get('/', (_request, response) => {
    if (answers.version.startsWith('7')) response.status(400).json({ error: { type: 'media_type_header_exception' }, status: 400 })
    else response.json({ version: { number: answers.version } })
  })
  server.post('/vault/_search', (_request, response) => void response.json({ hits: { total: { value: 1, relation: 'eq' }, hits: [] }, aggregations: { characters: { value: 7 } } }))
  server.post('/young/_search', (_request, response) => void response.status(404).json({ error: { type: 'index_not_found_exception' }, status: 404 }))
  server.post('/locked/_search', (_request, response) => void response.status(403).json({ error: { type: 'security_exception' }, status: 403 }))
  elasticsearch = await serveHttp(server)
  datashare = await serveHttp(express().use((request, response, next) => void createDatashareStandIn({ ...standIn, users, documents })(request, response, next)))
})
afterAll(async () => {
  await elasticsearch[Symbol.asyncDispose]()
  await datashare[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

let folders = 0
const newFolder = async (): Promise<string> => {
  const path = join(folder, `data-${++folders}`)
  await mkdir(path, { mode: 0o700 })
  return path
}

async function look(env: Record<string, string> = {}, apiKey: string | undefined = 'alice-key'): Promise<Record<string, Finding>> {
  const config = readConfig({ SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: await newFolder(), DATASHARE_URL: datashare.url, ELASTICSEARCH_URL: elasticsearch.url, ...env })
  const findings = await examine({ config, apiKey, running: () => Promise.resolve(null) })
  return Object.fromEntries(findings.map(finding => [finding.check, finding]))
}

/** Changes what Datashare or Elasticsearch say, for one test. */
function saying(change: () => void): void {
  const before = { ...standIn, elasticsearch: answers.version }
  change()
  onTestFinished(() => {
    Object.assign(standIn, { mode: before.mode, version: before.version })
    answers.version = before.elasticsearch
  })
}

it('finds nothing to mend where all is well, and has looked at everything', async () => {
  const findings = await look()

  expect(Object.keys(findings)).toEqual(['node', 'data_folder', 'disk', 'ledger', 'model', 'companion', 'elasticsearch', 'datashare', 'rights', 'origins', 'tasks'] satisfies CheckName[])
  expect(Object.values(findings).filter(({ severity }) => severity !== 'ok')).toEqual([])
  expect(findings['elasticsearch']?.detail).toContain('8.19.9')
  expect(findings['datashare']?.detail).toContain('21.18.0')
  expect(findings['rights']?.detail).toContain('2 projects')
})

describe('what it says, with a code and a fix', () => {
  it.each([
    { case: 'an Elasticsearch of Datashare 20.7', change: () => { answers.version = '7.17.9' }, check: 'elasticsearch', severity: 'error', code: 'elasticsearch_too_old' },
    { case: 'an Elasticsearch that nobody tried', change: () => { answers.version = '9.2.0' }, check: 'elasticsearch', severity: 'warning', code: 'elasticsearch_untested' },
    { case: 'an Elasticsearch too old for the vectors', change: () => { answers.version = '8.11.4' }, env: { SIMILARITY_STORE: 'elasticsearch' }, check: 'elasticsearch', severity: 'error', code: 'elasticsearch_too_old' },
    { case: 'no Elasticsearch', env: { ELASTICSEARCH_URL: NOWHERE }, check: 'elasticsearch', severity: 'error', code: 'elasticsearch_unreachable' },
    { case: 'a wrong path of the certificate authority', env: { ELASTICSEARCH_CA: '/nowhere.pem' }, check: 'elasticsearch', severity: 'error', code: 'configuration_wrong' },
    { case: 'no Datashare', env: { DATASHARE_URL: NOWHERE }, check: 'datashare', severity: 'error', code: 'datashare_unreachable' },
    { case: 'a Datashare before 20.8', change: () => { standIn.version = '20.7.3' }, check: 'datashare', severity: 'warning', code: 'datashare_too_old' },
    { case: 'a Datashare that does not tell roles', change: () => { standIn.version = '20.16.1' }, check: 'datashare', severity: 'warning', code: 'role_unknown' },
    { case: 'a Datashare of tomorrow', change: () => { standIn.version = '22.0.0' }, check: 'datashare', severity: 'warning', code: 'datashare_untested' },
    { case: 'pages that may not call the companion', env: { SIMILARITY_ALLOWED_ORIGINS: 'https://elsewhere.example' }, check: 'origins', severity: 'warning', code: 'origin_missing' },
    { case: 'a companion open to the network beside a Datashare for one', change: () => { standIn.mode = 'LOCAL' }, env: { SIMILARITY_HOST: '0.0.0.0' }, check: 'origins', severity: 'warning', code: 'open_to_network' },
    { case: 'a model that nobody knows', env: { SIMILARITY_MODEL: 'unheard-of' }, check: 'model', severity: 'error', code: 'model_unknown' },
    { case: 'a model that is not pulled', env: { SIMILARITY_MODEL: 'multilingual-e5-small' }, check: 'model', severity: 'warning', code: 'model_missing' },
    { case: 'a data folder that is a file', env: { SIMILARITY_DATA_DIR: import.meta.filename }, check: 'data_folder', severity: 'error', code: 'store_unreadable' },
  ])('of $case', async ({ change, env, check, severity, code }) => {
    saying(change ?? (() => undefined))
    const finding = (await look(env))[check]

    expect(finding).toMatchObject({ severity, code })
    expect(finding?.detail).not.toBe('')
    expect(finding?.fix).not.toBe('')
  })

  it('of projects that could not be tried, because nobody is signed in', async () => {
    const config = readConfig({ SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: await newFolder(), DATASHARE_URL: datashare.url, ELASTICSEARCH_URL: elasticsearch.url })
    const findings = await examine({ config, apiKey: undefined, running: () => Promise.resolve(null) })

    expect(findings.find(({ check }) => check === 'rights')).toMatchObject({ severity: 'warning', code: 'rights_not_checked' })
  })

  it('of a ledger that is damaged, or of a newer version', async () => {
    const [damaged, newer] = [await newFolder(), await newFolder()]
    await writeFile(join(damaged, 'ledger.db'), 'x'.repeat(5_000))
    await openDatabase(newer).then(database => database.close())
    const database = new DatabaseSync(join(newer, 'ledger.db'))
    database.exec('PRAGMA user_version = 99')
    database.close()

    expect((await look({ SIMILARITY_DATA_DIR: damaged }))['ledger']).toMatchObject({ severity: 'error', code: 'store_unreadable' })
    expect((await look({ SIMILARITY_DATA_DIR: newer }))['ledger']).toMatchObject({ severity: 'error', code: 'data_folder_newer' })
  })

  it('of a process that holds the data folder without answering', async () => {
    const dataDir = await newFolder()
    const lock = await openDataFolderLock(dataDir)
    const findings = await look({ SIMILARITY_DATA_DIR: dataDir })
    await lock.close()

    expect(findings['companion']).toMatchObject({ severity: 'warning', code: 'companion_silent', detail: expect.stringContaining(String(process.pid)) as string })
  })

  it('of a port that something else listens on', async () => {
    expect((await look({ SIMILARITY_PORT: new URL(datashare.url).port }))['companion']).toMatchObject({ severity: 'error', code: 'configuration_wrong' })
  })
})

it.each([
  { case: 'a ledger of a newer version', spoil: async (dataDir: string) => {
    await openDatabase(dataDir).then(database => database.close())
    const database = new DatabaseSync(join(dataDir, 'ledger.db'))
    database.exec('PRAGMA user_version = 99')
    database.close()
  } },
  { case: 'a damaged ledger', spoil: (dataDir: string) => writeFile(join(dataDir, 'ledger.db'), 'x'.repeat(5_000)) },
  { case: 'a model with other bytes', spoil: async (dataDir: string) => {
    await cp(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2'), join(dataDir, 'models', 'multilingual-e5-small'), { recursive: true })
    for (const file of ['model_int8.onnx', 'model.onnx', 'tokenizer.json']) await writeFile(join(dataDir, 'models', 'multilingual-e5-small', file), 'no')
  }, env: { SIMILARITY_MODEL: 'multilingual-e5-small' } },
  { case: 'projects that are in another store', spoil: (dataDir: string) => openDatabase(dataDir).then(database => database.close()), env: { SIMILARITY_STORE: 'elasticsearch' } },
  { case: 'a certificate authority that cannot be read', spoil: () => Promise.resolve(), env: { ELASTICSEARCH_CA: '/nowhere.pem' } },
])('what stops `serve` is what the doctor calls an error, with the same code: $case', async ({ spoil, env = {} }) => {
  const dataDir = await newFolder()
  await spoil(dataDir)
  const settings = { SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: dataDir, DATASHARE_URL: datashare.url, ELASTICSEARCH_URL: elasticsearch.url, ...env }
  const findings = Object.values(await look(settings))
  const started = await compose(readConfig(settings), createLogger('silent')).then(async (app) => {
    await app.close()
    return 'started'
  }, (error: unknown) => (error as { code: string }).code)

  expect(findings.flatMap(({ severity, code }) => (severity === 'error' ? [code] : []))).toEqual([started])
})

describe('on the command line', () => {
  it('sees the companion that runs, and ends with the code for what does not answer', async () => {
    const settings = { SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: await newFolder(), DATASHARE_URL: datashare.url }
    await using companion = await compose(readConfig(settings), createLogger('silent'), { source: () => Promise.resolve(documents) })
    const { code, stdout } = await runCli(['doctor', '--json'], { ...settings, SIMILARITY_PORT: new URL(companion.url).port, ELASTICSEARCH_URL: NOWHERE })
    const answer = JSON.parse(stdout) as { ok: boolean, findings: Finding[] }

    expect({ code, ok: answer.ok }).toEqual({ code: 3, ok: false })
    expect(answer.findings.find(({ check }) => check === 'companion')).toMatchObject({ severity: 'ok', detail: expect.stringContaining('runs, and is ready') as string })
    expect(answer.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual(['elasticsearch_unreachable'])
  })

  it('names a wrong setting', async () => {
    const { code, stdout } = await runCli(['doctor'], { SIMILARITY_PORT: 'eighty' })

    expect(code).toBe(1)
    expect(stdout).toMatch(/error {4}settings .*SIMILARITY_PORT[^]*Code: configuration_wrong/)
  })
})
