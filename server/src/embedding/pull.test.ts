import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeLetterModel } from '../testing/letter-model.ts'
import { delimited, externalTensor } from '../testing/onnx.ts'
import { pinned, startHub, type StandInHub } from '../testing/stand-in-hub.ts'
import type { HubOptions } from './hub.ts'
import { describeFolder } from './local-folder.ts'
import { verifyModel } from './model-files.ts'
import type { EmbeddingModel } from './model.ts'
import { pullModel } from './pull.ts'

const MODEL_FILE = 'onnx/model.onnx'

let root: string
let source: string
let model: EmbeddingModel
let hub: StandInHub
let modelsDir: string
let folder: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'similarity-pull-'))
  source = join(root, 'letters')
  await writeLetterModel(source, { json: { 'similarity.json': { pooling: 'mean' } } })
  model = await pinned(source, await describeFolder(source))
})
beforeEach(async () => {
  hub = await startHub(model, source)
  modelsDir = join(root, 'data', 'models')
  folder = join(modelsDir, model.id)
})
afterEach(async () => {
  await hub[Symbol.asyncDispose]()
  await rm(join(root, 'data'), { recursive: true, force: true })
})
afterAll(() => rm(root, { recursive: true }))

const pull = (options: Partial<HubOptions> = {}, pulled = model, onProgress?: (received: number, total: number) => void): Promise<boolean> =>
  pullModel({ model: pulled, folder, hub: { url: hub.url, retryMs: 1, ...options }, ...(onProgress && { onProgress }) })
const left = (): Promise<string[]> => readdir(modelsDir)
const askedFor = (end: string) => hub.asked.filter(({ path }) => path.endsWith(end))

describe('a pulled model', () => {
  it('is what the hub has, for its owner only, and is not fetched again', async () => {
    const steps: number[] = []
    expect(await pull({}, model, received => steps.push(received))).toBe(true)

    await verifyModel(model, folder)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, MODEL_FILE))).mode & 0o777).toBe(0o600)
    expect(await left()).toEqual([model.id])
    expect(steps.at(-1)).toBe(model.bytes)
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    const before = hub.asked.length
    expect(await pull()).toBe(false)
    expect(hub.asked.length).toBe(before)
  })

  it('takes the place of one with a changed file', async () => {
    await pull()
    await writeFile(join(folder, 'config.json'), '{}')

    expect(await pull()).toBe(true)
    await verifyModel(model, folder)
  })

  it('goes on where a connection was cut', async () => {
    hub.faults.set(MODEL_FILE, (response, bytes, from) => {
      const end = Math.min(bytes.length, from + 3_000)
      response.writeHead(from === 0 ? 200 : 206, { 'Content-Length': bytes.length - from })
      response.write(bytes.subarray(from, end), () => (end < bytes.length ? response.destroy() : response.end()))
    })

    expect(await pull()).toBe(true)
    await verifyModel(model, folder)
    const ranges = askedFor(MODEL_FILE).map(({ range }) => range)
    expect(ranges.length).toBeGreaterThan(1)
    expect(ranges[0]).toBeUndefined()
    expect(ranges[1]).toBe('bytes=3000-')
  })

  it('begins the file anew where the hub gives no part of one', async () => {
    hub.faults.set(MODEL_FILE, (response, bytes, _from, attempt) => {
      response.writeHead(200, { 'Content-Length': bytes.length })
      response.write(attempt === 1 ? bytes.subarray(0, 3_000) : bytes, () => (attempt === 1 ? response.destroy() : response.end()))
    })

    expect(await pull()).toBe(true)
    await verifyModel(model, folder)
  })

  it('waits for a hub that is busy, and cuts a connection that brings nothing', async () => {
    hub.faults.set('tokenizer.json', (response, bytes, from, attempt) => {
      if (attempt === 1) response.writeHead(503).end()
      else if (attempt > 2) response.end(bytes.subarray(from))
    })

    expect(await pull({ stallMs: 50 })).toBe(true)
    expect(askedFor('/tokenizer.json')).toHaveLength(3)
  })
})

describe('nothing is left, and the error says why, where', () => {
  it.each([
    { what: 'the hub does not have a file', status: 404, attempts: 1 },
    { what: 'the hub wants a sign-in', status: 401, attempts: 1 },
    { what: 'the hub stays out of order', status: 500, attempts: 5 },
  ])('$what', async ({ status, attempts }) => {
    hub.faults.set('tokenizer.json', response => response.writeHead(status).end())

    await expect(pull()).rejects.toMatchObject({ code: 'model_download_failed', detail: `The model hub does not give the file tokenizer.json of made/letters: it answers ${status}.` })
    expect(askedFor('/tokenizer.json')).toHaveLength(attempts)
    expect(await left()).toEqual([])
  })

  it('every connection is cut at once', async () => {
    hub.faults.set(MODEL_FILE, response => response.destroy())

    await expect(pull()).rejects.toMatchObject({ code: 'model_download_failed' })
    expect(await left()).toEqual([])
  })

  it('nobody answers', async () => {
    await hub[Symbol.asyncDispose]()
    await expect(pull()).rejects.toMatchObject({ code: 'model_download_failed', detail: expect.stringContaining('ECONNREFUSED') as string })
    hub = await startHub(model, source)
    expect(await left()).toEqual([])
  })

  it('one byte is another', async () => {
    hub.faults.set(MODEL_FILE, (response, bytes) => {
      const changed = Buffer.from(bytes)
      changed[2_000]! ^= 1
      response.end(changed)
    })

    await expect(pull()).rejects.toMatchObject({ code: 'model_tampered', detail: expect.stringContaining(MODEL_FILE) as string })
    expect(await left()).toEqual([])
  })

  it('the hub sends without end', async () => {
    hub.faults.set(MODEL_FILE, (response) => {
      response.on('error', () => undefined)
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more)
      }
      more()
    })

    await expect(pull()).rejects.toMatchObject({ code: 'model_tampered', detail: expect.stringContaining('more than') as string })
    expect(await left()).toEqual([])
  })

  it('a model file keeps its data in other files, though its hash is the pinned one', async () => {
    const external = join(root, 'external')
    await writeLetterModel(external)
    await writeFile(join(external, MODEL_FILE), delimited(7, delimited(5, externalTensor('../../x'))))
    const odd = await pinned(external, model)
    await hub[Symbol.asyncDispose]()
    hub = await startHub(odd, external)

    await expect(pull({}, odd)).rejects.toMatchObject({ code: 'model_refused' })
    expect(await left()).toEqual([])
  })

  it('it is given up', async () => {
    const giveUp = new AbortController()
    hub.faults.set(MODEL_FILE, () => giveUp.abort(new Error('enough')))

    await expect(pull({ signal: giveUp.signal })).rejects.toThrow('enough')
    expect(await left()).toEqual([])
  })

  it('an earlier one was killed', async () => {
    await mkdir(join(modelsDir, `.${model.id}.4194999`, 'onnx'), { recursive: true })
    await mkdir(join(modelsDir, `.${model.id}.1`), { recursive: true })

    await pull()
    expect((await left()).toSorted()).toEqual([`.${model.id}.1`, model.id])
  })

  it('the models are no folder', async () => {
    await mkdir(join(root, 'data'))
    await writeFile(modelsDir, '')
    await expect(pull()).rejects.toMatchObject({ code: 'store_unreadable' })
  })
})

it('a failed pull leaves what was installed', async () => {
  await pull()
  const other = { ...model, files: { ...model.files, 'config.json': '0'.repeat(64) } }

  await expect(pull({}, other)).rejects.toMatchObject({ code: 'model_tampered' })
  await verifyModel(model, folder)
  expect(await readFile(join(folder, 'config.json'))).toEqual(await readFile(join(source, 'config.json')))
})

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0

describe.skipIf(!canMount)('on a disk without room (needs root on Linux, for a small disk)', () => {
  const onDisk = async (options: string, test: () => Promise<void>): Promise<void> => {
    await mkdir(modelsDir, { recursive: true })
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', modelsDir]).status).toBe(0)
    try {
      await test()
    } finally {
      spawnSync('umount', [modelsDir])
    }
  }

  it('nothing is asked for, and the error says how much is needed', () => onDisk('size=1m', async () => {
    await expect(pull({}, { ...model, bytes: 2_000_000 })).rejects.toMatchObject({ code: 'disk_full', detail: expect.stringContaining('2 MB') as string })
    expect(hub.asked).toEqual([])
  }))

  it('nothing is left where it ends on the way', () => onDisk('size=1m,nr_inodes=4', async () => {
    await expect(pull()).rejects.toMatchObject({ code: 'disk_full' })
    expect(hub.asked).not.toEqual([])
    expect(await left()).toEqual([])
  }))
})
