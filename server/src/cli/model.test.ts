import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Task } from '@datashare-similarity/shared'
import { BUNDLED_MODELS_DIR, REGISTRY } from '../embedding/registry.ts'
import { runCli, startCompanion, type CliResult } from '../testing/companion.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { writeLetterModel } from '../testing/letter-model.ts'

const E5 = 'multilingual-e5-small'

let root: string
let dataDir: string
let letters: string
let hub: TestServer
let asked: string[]
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'similarity-cli-model-'))
  dataDir = join(root, 'data')
  letters = join(root, 'letters')
  await writeLetterModel(letters, { json: { 'similarity.json': { pooling: 'mean', languages: ['fr'] } } })
  asked = []
  hub = await serveHttp((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(404).end()
  })
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await rm(root, { recursive: true })
})

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> => runCli(args, { SIMILARITY_DATA_DIR: dataDir, HF_ENDPOINT: hub.url, ...env })

interface Listed { id: string, installed: boolean, verified: boolean | null, inUse: boolean, bytes: number, folder: string, languages: string[], dimensions: number, licence: string }
const list = async (env?: Record<string, string>): Promise<Listed[]> => JSON.parse((await run(['model', 'list', '--json'], env)).stdout) as Listed[]

describe('model list', () => {
  it('tells each model of the registry, where it belongs, and that the bundled one is as it should be', async () => {
    const models = await list()

    expect(models.map(({ id }) => id)).toEqual(REGISTRY.map(({ id }) => id))
    expect(models[0]).toMatchObject({ installed: true, verified: true, inUse: true, languages: ['en'], dimensions: 384, licence: 'Apache-2.0' })
    expect(models[1]).toEqual({ id: E5, languages: ['*'], dimensions: 384, bytes: 135_392_016, licence: 'MIT', installed: false, verified: null, inUse: false, folder: join(dataDir, 'models', E5) })
  })

  it('as a table for people', async () => {
    const { code, stdout } = await run(['model', 'list'], { SIMILARITY_MODEL: E5 })
    const lines = stdout.trimEnd().split('\n').map(line => line.split(/ {2,}/))

    expect(code).toBe(0)
    expect(lines[0]).toEqual(['model', 'languages', 'dimensions', 'size', 'licence', 'installed', 'verified', 'in use'])
    expect(lines[2]).toEqual([E5, 'many', '384', '136 MB', 'MIT', 'no', '–', 'yes'])
  })

  it('says where a file is not the pinned one', async () => {
    const folder = join(dataDir, 'models', 'bge-small-en-v1.5')
    await cp(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2'), folder, { recursive: true })

    expect((await list()).at(-1)).toMatchObject({ id: 'bge-small-en-v1.5', installed: true, verified: false })
    await rm(folder, { recursive: true })
  })

  it('has a folder of one\'s own, which is compared with nothing', async () => {
    expect((await list({ SIMILARITY_MODEL: letters })).at(-1)).toMatchObject({ id: 'letters', installed: true, verified: null, inUse: true, languages: ['fr'], folder: letters })
  })
})

describe('model pull', () => {
  const told = ({ stderr }: CliResult): string | undefined => /Code: (\w+)/.exec(stderr)?.[1]

  it('asks the hub for the pinned revision, says what went wrong, and leaves nothing', async () => {
    const result = await run(['model', 'pull', E5])

    expect({ code: result.code, told: told(result) }).toEqual({ code: 3, told: 'model_download_failed' })
    expect(result.stderr).toContain('404')
    expect(asked).toEqual([`/Xenova/${E5}/resolve/761b726dd34fb83930e26aab4e9ac3899aa1fa78/config.json`])
    expect(await readdir(join(dataDir, 'models'))).toEqual([])
  })

  it('goes through a proxy where one is named', async () => {
    const tunnels: string[] = []
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '')
      socket.on('error', () => undefined)
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'))
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const result = await run(['model', 'pull', E5], { HF_ENDPOINT: 'http://hub.invalid', HTTP_PROXY: address, HTTPS_PROXY: address })
    proxy.close()

    expect(told(result)).toBe('model_download_failed')
    expect(tunnels).toEqual(['hub.invalid:80'])
  })

  it('knows no model beyond the registry, and no path', async () => {
    for (const id of ['gpt-99', letters, '../x']) {
      const result = await run(['model', 'pull', id])
      expect({ code: result.code, told: told(result) }).toEqual({ code: 2, told: 'model_unknown' })
    }
  })

  it('has nothing to do for the bundled one', async () => {
    const { code, stdout } = await run(['model', 'pull', 'all-MiniLM-L6-v2', '--json'], { SIMILARITY_MODEL: '/nowhere' })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ id: 'all-MiniLM-L6-v2', downloaded: false })
  })

  it('says that the address of the hub is none', async () => {
    const result = await run(['model', 'pull', E5], { HF_ENDPOINT: 'huggingface' })
    expect(told(result)).toBe('configuration_wrong')
    expect(result.stderr).toContain('HF_ENDPOINT')
  })
})

describe('nothing but a pull asks the hub', () => {
  it('neither a companion whose model is missing, nor a vectorization or a search with it', async () => {
    const before = asked.length
    await using companion = await startCompanion({}, { SIMILARITY_MODEL: E5, HF_ENDPOINT: hub.url, SIMILARITY_DATA_DIR: join(root, 'offline') })
    const client = companion.as()

    expect((await client.call('GET', '/health/ready')).body).toMatchObject({ ready: false, checks: { model: { ok: false, code: 'model_missing' } } })
    expect(await client.call('POST', '/api/projects/meridian/vectorize', {})).toMatchObject({ status: 503, body: { code: 'model_missing', fix: expect.stringContaining('model pull') as string } })
    expect((await client.similar('meridian', { queries: ['yacht'] })).generation).toBeNull()
    const result = await run(['vectorize', 'meridian', '--json'], { SIMILARITY_URL: companion.url })
    expect(result.code).toBe(3)
    expect(asked.length).toBe(before)
  })
})

describe('vectorize --model', () => {
  it('takes a folder that the running companion was started with, and no other', async () => {
    const other = join(root, 'other')
    await writeLetterModel(other, { json: { 'similarity.json': { pooling: 'cls' } } })
    await using companion = await startCompanion({}, { SIMILARITY_MODEL: letters })
    const unknown = await run(['vectorize', 'meridian', '--model', other], { SIMILARITY_URL: companion.url })
    const known = await run(['vectorize', 'meridian', '--model', letters, '--json'], { SIMILARITY_URL: companion.url })

    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('model_unknown')
    expect(known.code).toBe(0)
    expect(JSON.parse(known.stdout.trimEnd().split('\n').at(-1) ?? '') as Task).toMatchObject({ state: 'DONE', counts: { failed: 0 } })
    const { body } = await companion.as().call<{ model: unknown, advice: string[] }>('GET', '/api/projects/meridian')
    expect(body.model).toEqual({ id: 'letters', dimensions: 28, languages: ['fr'] })
    const { stdout } = await run(['status', 'meridian'], { SIMILARITY_URL: companion.url })
    expect(stdout).toContain('model_language_mismatch: the model letters is made for fr')
    expect(stdout).toContain(`--rebuild --model ${E5}`)
  })

  it('makes a folder known to the companion that it starts itself where none runs', async () => {
    const free = await serveHttp(() => undefined)
    const { port } = new URL(free.url)
    await free[Symbol.asyncDispose]()
    await using datashare = await startCompanion({})
    const result = await run(['vectorize', 'meridian', '--model', letters], { SIMILARITY_PORT: port, DATASHARE_URL: datashare.pageUrl, ELASTICSEARCH_URL: free.url })

    // The model is known: it is the documents that are asked for next
    expect(result.stderr).toContain('elasticsearch_unreachable')
  })

  it('says what a folder lacks before anything is asked', async () => {
    await writeFile(join(root, 'empty'), '')
    const result = await run(['vectorize', 'meridian', '--model', join(root, 'empty')], { SIMILARITY_URL: hub.url })
    expect(result.stderr).toContain('configuration_wrong')
  })
})
