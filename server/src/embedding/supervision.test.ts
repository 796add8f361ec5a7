import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLogger } from '../log.ts'
import { writeLetterModel } from '../testing/letter-model.ts'
import { all, isAlive, listen, modelProcesses, report, sentence, type Start } from '../testing/model-processes.ts'
import { onnxModel } from '../testing/onnx.ts'
import type { EmbeddedPassage, Embedder, Embedders } from './embedder.ts'
import { openEmbedders, type EmbeddersOptions } from './embedders.ts'
import { describeFolder } from './local-folder.ts'
import { openEmbedder } from './open-embedder.ts'
import { BUNDLED_MODELS_DIR, modelOf } from './registry.ts'

const MODEL = modelOf('all-MiniLM-L6-v2')
const FOLDER = join(BUNDLED_MODELS_DIR, MODEL.id)
const silent = createLogger('silent')
const never = new AbortController().signal

let opened: Embedders[] = []
afterEach(async () => {
  await Promise.all(opened.map(each => each.close()))
  opened = []
})

/** With processes of its own. */
async function open(options: Partial<EmbeddersOptions> = {}, onStart?: (start: Start) => void) {
  const { log, starts } = listen(onStart)
  const embedders = await openEmbedders({ defaultModel: MODEL.id, threads: 1, log, ...options })
  opened.push(embedders)
  const embedder = await embedders.get(MODEL.id)
  const pidOf = (background: boolean): number => starts.findLast(start => start.background === background)?.pid ?? 0
  return { embedders, embedder, starts, pidOf }
}

/** The process for documents, stopped before it has loaded the model for this one. */
async function stoppedWhileLoading(embedder: Embedder, signal: AbortSignal): Promise<{ pid: number, passages: Promise<EmbeddedPassage[]> }> {
  const before = new Set(modelProcesses())
  const passages = all(embedder.passages(sentence(1), signal))
  passages.catch(() => undefined)
  const pid = await vi.waitUntil(() => modelProcesses().find(each => !before.has(each)), { interval: 5 })
  process.kill(pid, 'SIGSTOP')
  return { pid, passages }
}

describe('while a model is loaded', () => {
  it('a document that is given up ends at once, and so does closing', async () => {
    const { embedders, embedder, starts } = await open()
    const giveUp = new AbortController()
    const { pid, passages } = await stoppedWhileLoading(embedder, giveUp.signal)

    giveUp.abort(new Error('enough'))
    await expect(passages).rejects.toThrow('enough')
    await embedders.close()

    expect(starts).toHaveLength(1)
    expect(isAlive(pid)).toBe(false)
  })

  it('closing ends the documents that wait for it', async () => {
    const { embedders, embedder } = await open()
    const { passages } = await stoppedWhileLoading(embedder, never)

    await embedders.close()

    await expect(passages).rejects.toMatchObject({ code: 'embedder_unavailable' })
  })

  it('a start that takes too long is given up, and leaves no process', async () => {
    const before = modelProcesses()
    await expect(openEmbedder({ model: MODEL, folder: FOLDER, threads: 1, log: silent, timeouts: { loadMs: 1 } })).rejects.toMatchObject({ code: 'embedder_unavailable' })
    expect(modelProcesses()).toEqual(before)
  })

  it('a start can be given up', async () => {
    const before = modelProcesses()
    const giveUp = new AbortController()
    const opening = openEmbedder({ model: MODEL, folder: FOLDER, threads: 1, log: silent, signal: giveUp.signal })
    giveUp.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
    expect(modelProcesses()).toEqual(before)
  })

  it('what the library says stays out of the error\'s detail', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'similarity-odd-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeLetterModel(folder, { json: { 'similarity.json': { id: 'odd', pooling: 'mean' } } })
    await writeFile(join(folder, 'onnx', 'model.onnx'), onnxModel({ inputs: [], outputs: [{ name: 'y', type: 'float32', shape: [1] }], tables: {}, nodes: [{ operator: 'Nonsense', inputs: [], output: 'y' }] }))
    const opening = openEmbedder({ model: await describeFolder(folder), folder, threads: 1, log: silent })
    await expect(opening).rejects.toMatchObject({
      code: 'embedder_unavailable', detail: 'The model odd could not be loaded.', cause: { message: expect.stringContaining('Nonsense') as string },
    })
  })

  it('a process that cannot be started at all is an unavailable model', async () => {
    const { execPath } = process
    onTestFinished(() => { process.execPath = execPath })
    process.execPath = '/nowhere/node'
    await expect(openEmbedder({ model: MODEL, folder: FOLDER, threads: 1, log: silent })).rejects.toMatchObject({ code: 'embedder_unavailable' })
  })
})

describe('when a process hangs', () => {
  it('a query is answered by its successor, with the same vector, and readiness follows', async () => {
    const { embedder, pidOf } = await open({ timeouts: { queryMs: 2_000 } })
    const [before] = await embedder.queries([sentence(3)])
    const pid = pidOf(false)
    process.kill(pid, 'SIGSTOP')

    const underWay = embedder.queries([sentence(3)])
    await vi.waitUntil(() => !embedder.ready, { interval: 2, timeout: 10_000 })

    expect((await underWay)[0]).toEqual(before)
    expect(embedder.ready).toBe(true)
    expect(isAlive(pid)).toBe(false)
  })

  it('a query that is given up again and again does not hide it', async () => {
    const { embedder, pidOf } = await open({ timeouts: { queryMs: 1_000 } })
    const pid = pidOf(false)
    process.kill(pid, 'SIGSTOP')

    await vi.waitUntil(async () => {
      await embedder.queries([sentence(3)], AbortSignal.timeout(50)).catch(() => undefined)
      return !isAlive(pid)
    }, { timeout: 10_000 })
  })

  it('and its successor as well, the model is unavailable', async () => {
    const hanging = { isOn: false }
    const { embedder, pidOf } = await open({ timeouts: { queryMs: 1_000 } }, ({ pid }) => {
      if (hanging.isOn) process.kill(pid, 'SIGSTOP')
    })
    hanging.isOn = true
    process.kill(pidOf(false), 'SIGSTOP')

    await expect(embedder.queries([sentence(3)])).rejects.toMatchObject({ code: 'embedder_unavailable' })
  })

  // The process works at the lowest priority: beside others it may take its time
  it('a document goes on where it had come to', { timeout: 120_000 }, async () => {
    const { embedder, pidOf } = await open({ timeouts: { documentMs: 5_000 } })
    const content = report(900)
    const expected = await embedder.cut(content)
    const seen: EmbeddedPassage[] = []
    for await (const group of embedder.passages(content, never)) {
      if (seen.length === 0) process.kill(pidOf(true), 'SIGSTOP')
      seen.push(...group)
    }
    expect(seen.map(({ start, end, text }) => ({ start, end, text }))).toEqual(expected)
  })

  it('long work is not taken for it', async () => {
    const { embedder, starts } = await open({ timeouts: { queryMs: 1_500 } })
    expect(await embedder.queries(Array.from({ length: 100 }, () => report(20)))).toHaveLength(100)
    expect(starts).toHaveLength(1)
  })
})

it('a document that is given up midway leaves its process free for the next one', async () => {
  const { embedder, starts } = await open()
  await all(embedder.passages(sentence(1), never))
  const giveUp = new AbortController()
  const startedAt = performance.now()
  let groupMs = 0
  const reading = async (): Promise<void> => {
    for await (const group of embedder.passages(report(5_000), giveUp.signal)) {
      expect(group).toHaveLength(64)
      groupMs = performance.now() - startedAt
      giveUp.abort(new Error('enough'))
    }
  }
  await expect(reading()).rejects.toThrow('enough')

  const freedAt = performance.now()
  expect(await all(embedder.passages(sentence(2), never))).toHaveLength(1)
  expect(performance.now() - freedAt).toBeLessThan(groupMs)
  expect(starts).toHaveLength(2)
})

it('an error of a process keeps its code: a file that is gone when it starts again is missing', async () => {
  const bundledDir = await mkdtemp(join(tmpdir(), 'similarity-models-'))
  onTestFinished(() => rm(bundledDir, { recursive: true }))
  await cp(FOLDER, join(bundledDir, MODEL.id), { recursive: true })
  const { embedder, pidOf } = await open({ bundledDir })
  await rm(join(bundledDir, MODEL.id, 'tokenizer.json'))
  process.kill(pidOf(false), 'SIGKILL')

  await expect(embedder.queries([sentence(1)])).rejects.toMatchObject({ code: 'model_missing', detail: expect.stringContaining('tokenizer.json') as string })
})

describe('a model that nobody asks any more', () => {
  it('gives its memory back, and answers again with the same vector when it is asked', async () => {
    const { log, starts } = listen()
    const embedder = await openEmbedder({ model: MODEL, folder: FOLDER, threads: 1, log, idleMs: 100 })
    onTestFinished(() => embedder.close())
    const [before] = await embedder.queries([sentence(3)])
    await vi.waitUntil(() => starts.every(({ pid }) => !isAlive(pid)))

    expect(embedder.ready).toBe(false)
    expect((await embedder.queries([sentence(3)]))[0]).toEqual(before)
    expect(starts).toHaveLength(2)
  })

  it('is not stopped while it works', async () => {
    const { log, starts } = listen()
    const embedder = await openEmbedder({ model: MODEL, folder: FOLDER, threads: 1, log, idleMs: 20 })
    onTestFinished(() => embedder.close())
    const vectors = await embedder.queries(Array.from({ length: 60 }, () => report(20)))

    expect(vectors).toHaveLength(60)
    expect(starts.length).toBeLessThanOrEqual(2)
  })
})
