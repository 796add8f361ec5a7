import { execFile } from 'node:child_process'
import { cp, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SimilarityError, type Problem, type Project, type Ready, type SimilarAnswer, type Task } from '@datashare-similarity/shared'
import { createLogger } from '../log.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { BUNDLED_MODELS_DIR } from '../embedding/registry.ts'
import { runCli, startCompanion, type TestCompanion } from '../testing/companion.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'

const MODEL = 'all-MiniLM-L6-v2'
const NOWHERE = 'http://127.0.0.1:9'

const told = (stderr: string): string => /Code: (\w+)/.exec(stderr)?.[1] ?? stderr

describe('when something around the companion fails', () => {
  let folder: string
  let companion: TestCompanion

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'similarity-failures-'))
    companion = await startCompanion({})
  })

  afterAll(async () => {
    await companion[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  describe('Elasticsearch is down or its address is wrong', () => {
    let beside: TestCompanion

    beforeAll(async () => {
      // Documents are read from nowhere, while Datashare itself answers.
      beside = await startCompanion({ elasticsearchUrl: NOWHERE, standIn: { mode: 'SERVER', users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['demo'], roles: [{ role: 'PROJECT_ADMIN', on: 'default::demo' }] }] } })
    })
    afterAll(() => beside[Symbol.asyncDispose]())

    it('starting a chain says so with a fix, and nothing is started', async () => {
      const alice = beside.as('alice-key')
      const { status, body, headers } = await alice.call<Problem>('POST', '/api/projects/demo/vectorize')
      const tasks = await alice.call<{ items: Task[] }>('GET', '/api/tasks?project=demo')

      expect({ status, code: body.code }).toEqual({ status: 503, code: 'elasticsearch_unreachable' })
      expect(body.fix).toContain('ELASTICSEARCH_URL')
      expect(headers.get('retry-after')).not.toBeNull()
      expect(tasks.body.items).toEqual([])
    })

    it('the project still has a state, marked as not compared', async () => {
      const project = () => beside.as('alice-key').call<Project>('GET', '/api/projects/demo')

      expect((await project()).status).toBe(200)
      // The first answers do not wait until Elasticsearch has been given up.
      await expect.poll(async () => (await project()).body.advice, { timeout: 20_000 }).toContain('elasticsearch_unreachable')
    })

    it('the command line ends with the code for an unreachable part', async () => {
      const { code, stderr } = await runCli(['vectorize', 'demo'], { SIMILARITY_URL: beside.url, DATASHARE_API_KEY: 'alice-key' })

      expect({ code, error: told(stderr) }).toEqual({ code: 3, error: 'elasticsearch_unreachable' })
    })

    it('readiness names it', async () => {
      const { status, body } = await beside.as().call<Ready>('GET', '/health/ready')

      expect(status).toBe(503)
      expect(body.checks).toMatchObject({ elasticsearch: { ok: false, code: 'elasticsearch_unreachable' }, model: { ok: true }, store: { ok: true } })
    })
  })

  it('a Datashare that does not answer is 503 for everything about projects, never "anything goes"', async () => {
    const dataDir = join(folder, 'no-datashare')
    const { code, stderr } = await runCli(['status'], { SIMILARITY_PORT: '1', SIMILARITY_DATA_DIR: dataDir, DATASHARE_URL: NOWHERE })

    expect({ code, error: told(stderr) }).toEqual({ code: 3, error: 'datashare_unreachable' })
  })

  it('an unknown project is refused on the command line, and a name that cannot be one is called that', async () => {
    const env = { SIMILARITY_URL: companion.url }
    const unknown = await runCli(['similar', 'nowhere', 'a question'], env)
    const odd = await runCli(['similar', '../../etc', 'a question'], env)

    expect({ code: unknown.code, error: told(unknown.stderr) }).toEqual({ code: 4, error: 'project_forbidden' })
    expect({ code: odd.code, error: told(odd.stderr) }).toEqual({ code: 2, error: 'invalid_project_name' })
  })

  it('a companion that does not run at the address given is said to be unreachable', async () => {
    const { code, stderr } = await runCli(['status'], { SIMILARITY_URL: NOWHERE })

    expect({ code, error: told(stderr) }).toEqual({ code: 3, error: 'companion_unreachable' })
  })

  describe('the files of the model are missing', () => {
    const bundledDir = () => join(folder, 'missing')
    const file = () => join(bundledDir(), MODEL, 'onnx', 'model_quantized.onnx')
    const start = () => startGuardedCompanion({
      documents: createEditableDocuments({ leak: { villa: 'The villa belongs to a nominee.', boat: 'The boat lies in the harbour.' } }),
      users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['leak'], roles: [{ role: 'PROJECT_ADMIN', on: 'default::leak' }] }],
      env: { SIMILARITY_DATA_DIR: join(folder, 'without-model') },
      overrides: { embedders: () => openEmbedders({ defaultModel: MODEL, bundledDir: bundledDir(), threads: 1, log: createLogger('silent') }) },
    })
    let without: GuardedCompanion
    const ask = async (method: string, path: string, body?: unknown): Promise<{ status: number, json: Partial<Problem & Ready & SimilarAnswer & { items: Task[] }> }> => {
      const { status, json } = await without.as('alice-key')(method, path, body)
      return { status, json: json as Partial<Problem & Ready & SimilarAnswer & { items: Task[] }> }
    }

    beforeAll(async () => {
      await cp(join(BUNDLED_MODELS_DIR, MODEL), join(bundledDir(), MODEL), { recursive: true })
      await using complete = await start()
      await complete.vectorize('alice-key', 'leak')
      await rm(file())
    })
    beforeAll(async () => { without = await start() })
    afterAll(() => without[Symbol.asyncDispose]())

    it('the companion starts, and readiness names it', async () => {
      const { status, json } = await ask('GET', '/health/ready')

      expect(status).toBe(503)
      expect(json.checks).toMatchObject({ model: { ok: false, code: 'model_missing' }, store: { ok: true } })
    })

    it('vectorizing says which file lacks, with the fix, and nothing is started', async () => {
      const before = await ask('GET', '/api/tasks?project=leak')
      const { status, json } = await ask('POST', '/api/projects/leak/vectorize', { mode: 'rebuild' })
      const after = await ask('GET', '/api/tasks?project=leak')

      expect({ status, code: json.code }).toEqual({ status: 503, code: 'model_missing' })
      expect(json.detail).toContain('onnx/model_quantized.onnx')
      expect(json.fix).toContain('SIMILARITY_MODEL')
      expect(after.json.items).toEqual(before.json.items)
    })

    it('the command line ends with the code for an unreachable part', async () => {
      const { code, stderr } = await runCli(['vectorize', 'leak'], { SIMILARITY_URL: without.url, DATASHARE_API_KEY: 'alice-key' })

      expect({ code, error: told(stderr) }).toEqual({ code: 3, error: 'model_missing' })
    })

    it('a search goes on by words, one by meaning alone says why not, and both work when the files are back', async () => {
      const search = (mode: string) => ask('POST', '/api/projects/leak/similar', { queries: ['nominee villa'], mode })
      const byWords = await search('hybrid')

      expect(byWords.json.degraded).toBe('words-only')
      expect(byWords.json.results?.[0]?.documents[0]?.documentId).toBe('villa')
      expect(await search('meaning')).toMatchObject({ status: 503, json: { code: 'model_missing' } })

      await cp(join(BUNDLED_MODELS_DIR, MODEL, 'onnx', 'model_quantized.onnx'), file())
      expect((await search('meaning')).json.results?.[0]?.documents[0]?.documentId).toBe('villa')
      expect((await ask('GET', '/health/ready')).json.checks?.model).toEqual({ ok: true })
    })
  })

  it('a model that nobody knows stops the start', async () => {
    const { stderr } = await runCli(['serve'], { SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: join(folder, 'odd-model'), SIMILARITY_MODEL: 'gpt-99' })

    expect(told(stderr)).toBe('model_unknown')
  })

  it('a wrong setting stops the start with its name and shape', async () => {
    const { code, stderr } = await runCli(['serve'], { SIMILARITY_PORT: 'often' })

    expect({ code, error: told(stderr) }).toEqual({ code: 1, error: 'configuration_wrong' })
    expect(stderr).toContain('SIMILARITY_PORT: should be a whole number')
  })

  it('a data folder whose projects are in another store stops the start, and says which', async () => {
    const dataDir = join(folder, 'embedded')
    const env = { SIMILARITY_PORT: '1', SIMILARITY_DATA_DIR: dataDir, DATASHARE_URL: companion.pageUrl }
    expect((await runCli(['status'], env)).code).toBe(0)
    const { stderr } = await runCli(['status'], { ...env, SIMILARITY_STORE: 'elasticsearch' })

    expect(told(stderr)).toBe('configuration_wrong')
    expect(stderr).toContain('are in the store "lancedb"')
    expect((await runCli(['status'], env)).code).toBe(0)
  })

  it('a data folder that is not a folder stops the start', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    const { stderr } = await runCli(['serve'], { SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: file })

    expect(told(stderr)).toBe('store_unreadable')
  })

  it('a port that is taken is named', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const { stderr } = await runCli(['serve'], { SIMILARITY_PORT: String(port), SIMILARITY_DATA_DIR: join(folder, 'taken') })
    server.close()

    expect(told(stderr)).toBe('configuration_wrong')
    expect(stderr).toContain(String(port))
  })

  it('an older Node is told which one is needed, before anything else runs', async () => {
    const command = join(import.meta.dirname, '../../bin/datashare-similarity.js')
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); await import(${JSON.stringify(command)})`
    const failure = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', pretend]).catch((error: unknown) => error as { code: number, stderr: string })

    expect(failure).toMatchObject({ code: 2 })
    expect(told(failure.stderr)).toBe('node_too_old')
  })

  it('one changed byte in the model\'s files is noticed and the file named', async () => {
    const modelsDir = join(folder, 'models')
    const model = join(modelsDir, 'all-MiniLM-L6-v2')
    await mkdir(modelsDir)
    await cp(join(import.meta.dirname, '../../models/all-MiniLM-L6-v2'), model, { recursive: true })
    await writeFile(join(model, 'config.json'), '{}')

    await expect(openEmbedders({ defaultModel: MODEL, bundledDir: modelsDir, threads: 1, log: createLogger('silent') }))
      .rejects.toSatisfy((error: unknown) => error instanceof SimilarityError && error.code === 'model_tampered' && error.detail.includes('config.json'))
  })
})
