import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLogger } from '../log.ts'
import { all, isAlive, listen, report, sentence, type Start } from '../testing/model-processes.ts'
import type { EmbeddedPassage, Embedder, Embedders } from './embedder.ts'
import { openEmbedders } from './embedders.ts'
import { prefixed, type EmbeddingModel } from './model.ts'
import { openEmbedder } from './open-embedder.ts'
import { BUNDLED_MODELS_DIR, modelOf } from './registry.ts'
import { loadTokenizer, truncated } from './tokenizer.ts'

const MODEL = 'all-MiniLM-L6-v2'

interface Golden { texts: { text: string, tokens: number, embedding: number[] }[], expect: { q8: { minCosine: number, meanCosine: number } } }
const golden = JSON.parse(await readFile(join(BUNDLED_MODELS_DIR, 'golden.json'), 'utf8')) as Golden
const stored = JSON.parse(await readFile(join(BUNDLED_MODELS_DIR, 'golden-int8.json'), 'utf8')) as { expect: { minCosine: number }, embeddings: string }

const cosine = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  let [dot, first, second] = [0, 0, 0]
  for (let index = 0; index < one.length; index++) {
    dot += one[index]! * other[index]!
    first += one[index]! ** 2
    second += other[index]! ** 2
  }
  return dot / Math.sqrt(first * second)
}

const never = new AbortController().signal

const { log, starts } = listen()
let embedders: Embedders
let embedder: Embedder
beforeAll(async () => {
  embedders = await openEmbedders({ defaultModel: MODEL, threads: 1, log })
  embedder = await embedders.get(MODEL)
})
afterAll(() => embedders.close())

const lastStart = (background: boolean): Start => starts.findLast(start => start.background === background)!

describe('the bundled model', () => {
  it('R20: gives the vectors of the full-precision reference, as near as int8 comes', async () => {
    const vectors = await embedder.queries(golden.texts.map(({ text }) => text))
    const cosines = vectors.map((vector, index) => cosine(vector, golden.texts[index]!.embedding))
    expect(Math.min(...cosines)).toBeGreaterThanOrEqual(golden.expect.q8.minCosine)
    expect(cosines.reduce((sum, value) => sum + value, 0) / cosines.length).toBeGreaterThanOrEqual(golden.expect.q8.meanCosine)
  })

  it('R20: gives the vectors that it gave before, in the same precision', async () => {
    const numbers = Buffer.from(stored.embeddings, 'base64')
    const before = golden.texts.map((_, index) => Float32Array.from({ length: 384 }, (_, column) => numbers.readFloatLE((index * 384 + column) * 4)))
    const vectors = await embedder.queries(golden.texts.map(({ text }) => text))
    expect(Math.min(...vectors.map((vector, index) => cosine(vector, before[index]!)))).toBeGreaterThanOrEqual(stored.expect.minCosine)
  })

  it('R20: counts tokens as the reference does', async () => {
    const tokenizer = await loadTokenizer(join(BUNDLED_MODELS_DIR, MODEL))
    expect(golden.texts.map(({ text }) => tokenizer.encode(text, 256).length)).toEqual(golden.texts.map(({ tokens }) => tokens))
  })

  it('gives unit vectors in memory of their own', async () => {
    const [vector] = await embedder.queries(['a shell company'])
    expect(vector).toBeInstanceOf(Float32Array)
    expect(vector!.length).toBe(384)
    expect(vector!.buffer.byteLength).toBe(384 * 4)
    expect(Math.hypot(...vector!)).toBeCloseTo(1, 5)
  })

  it('R20: gives a text the same vector alone, among others, as a query and as a passage of a document', async () => {
    const text = sentence(7)
    const [alone] = await embedder.queries([text])
    const among = await embedder.queries([report(30), text, 'short'])
    const [example] = await embedder.examples([text])
    const [passage] = await all(embedder.passages(text, never))
    expect(among[1]).toEqual(alone)
    expect(example).toEqual(alone)
    expect(passage!.embedding).toEqual(alone)
  })

  it('gives a text the same vector in each process for documents', async () => {
    const other = listen()
    const own = await openEmbedder({ model: modelOf(MODEL), folder: join(BUNDLED_MODELS_DIR, MODEL), threads: 2, log: other.log })
    onTestFinished(() => own.close())
    const text = sentence(11)
    const [first, second] = await Promise.all([all(own.passages(text, never)), all(own.passages(text, never))])
    expect(new Set(other.starts.filter(({ background }) => background).map(({ pid }) => pid)).size).toBe(2)
    expect(first[0]!.embedding).toEqual(second[0]!.embedding)
    expect(first[0]!.embedding).toEqual((await embedder.examples([text]))[0])
  })

  it('keeps the closing token of a text that is cut', async () => {
    const tokenizer = await loadTokenizer(join(BUNDLED_MODELS_DIR, MODEL))
    const ids = tokenizer.encode(report(100), 256)
    expect(ids).toHaveLength(256)
    expect([ids.at(0), ids.at(-1)]).toEqual([101, 102])
    expect(truncated([1, 2, 3], 3, 1)).toEqual([1, 2, 3])
    const [long, longer] = await embedder.queries([report(100), report(120)])
    expect(long).toEqual(longer)
  })
})

describe('prefixes', () => {
  it('R20: stand before a text as its role asks for', () => {
    const model = { prefixes: { query: 'query: ', passage: 'passage: ' } }
    expect(prefixed(model, 'query', 'who')).toBe('query: who')
    expect(prefixed(model, 'passage', 'who')).toBe('passage: who')
    expect(prefixed(modelOf(MODEL), 'query', 'who')).toBe('who')
  })

  it('and the first token in place of the mean, are what the entry of another model may ask for', async () => {
    const made = { ...modelOf(MODEL), prefixes: { query: 'query: ', passage: 'passage: ' } }
    const openMade = (model: EmbeddingModel): Promise<Embedder> => openEmbedder({ model, folder: join(BUNDLED_MODELS_DIR, MODEL), threads: 1, log: createLogger('silent') })
    const [prefixing, first] = await Promise.all([openMade(made), openMade({ ...made, pooling: 'cls' })])
    onTestFinished(async () => { await Promise.all([prefixing.close(), first.close()]) })

    const expected = await embedder.queries(['query: who', 'passage: who'])
    expect([...await prefixing.queries(['who']), ...await prefixing.examples(['who'])]).toEqual(expected)
    const [vector] = await first.queries(['who'])
    expect(Math.hypot(...vector!)).toBeCloseTo(1, 5)
    expect(cosine(vector!, expected[0]!)).toBeLessThan(0.95)
  })
})

describe('a document', () => {
  it('comes as passages in order, in groups of 64 at most, each with its place', async () => {
    const content = report(900)
    const sizes: number[] = []
    const passages: EmbeddedPassage[] = []
    for await (const group of embedder.passages(content, never)) {
      sizes.push(group.length)
      passages.push(...group)
    }
    expect(sizes.slice(0, -1).every(size => size === 64)).toBe(true)
    expect(sizes.length).toBeGreaterThan(1)
    for (const [index, { ordinal, start, end, text, embedding }] of passages.entries()) {
      expect(ordinal).toBe(index)
      expect(text).toBe(content.slice(start, end))
      expect(embedding.length).toBe(384)
    }
  })

  it('is cut the same way without embedding', async () => {
    const content = report(60)
    const embedded = await all(embedder.passages(content, never))
    expect(await embedder.cut(content)).toEqual(embedded.map(({ start, end, text }) => ({ start, end, text })))
  })

  it('gives nothing where it is blank', async () => {
    expect(await all(embedder.passages(' \n ', never))).toEqual([])
  })

  it('leaves room for queries while it is embedded', async () => {
    for await (const group of embedder.passages(report(5_000), never)) {
      expect(group).toHaveLength(64)
      const [vector] = await embedder.queries(['who owns the island'])
      expect(vector).toHaveLength(384)
      expect(getPriority(lastStart(true).pid)).toBeGreaterThan(getPriority(lastStart(false).pid))
      break
    }
  })

  it('stops when it is given up, and the next one has its place', async () => {
    const giveUp = new AbortController()
    const waiting = all(embedder.passages(report(5_000), giveUp.signal))
    const next = all(embedder.passages(sentence(1), never))
    giveUp.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(await next).toHaveLength(1)
  })

  it('frees its place when the reader leaves early', async () => {
    for await (const group of embedder.passages(report(900), never)) {
      expect(group).toHaveLength(64)
      break
    }
    expect(await all(embedder.passages(sentence(2), never))).toHaveLength(1)
  })
})

describe('when a process dies', () => {
  it('a document goes on where it had come to, with the same vectors', async () => {
    const content = report(700)
    const expected = await all(embedder.passages(content, never))
    const { pid } = lastStart(true)
    const seen: EmbeddedPassage[] = []
    for await (const group of embedder.passages(content, never)) {
      if (seen.length === 0) process.kill(pid, 'SIGKILL')
      seen.push(...group)
    }
    expect(seen).toEqual(expected)
    expect(lastStart(true).pid).not.toBe(pid)
  })

  it('a query is answered by its successor, with the same vector', async () => {
    const [before] = await embedder.queries([sentence(3)])
    const { pid } = lastStart(false)
    const underWay = embedder.queries([sentence(3), ...Array.from({ length: 50 }, () => report(20))])
    process.kill(pid, 'SIGKILL')
    expect((await underWay)[0]).toEqual(before)
    expect(lastStart(false).pid).not.toBe(pid)
  })

  it('says that it is not ready until the successor is', async () => {
    process.kill(lastStart(false).pid, 'SIGKILL')
    await vi.waitUntil(() => !embedder.ready, { interval: 2, timeout: 10_000 })
    await vi.waitUntil(() => embedder.ready, { timeout: 20_000 })
  })
})

describe('signals and the end', () => {
  it('a given-up query rejects with its reason', async () => {
    await expect(embedder.queries(['x'], AbortSignal.abort(new Error('deadline')))).rejects.toThrow('deadline')
  })

  it('no process outlives close', async () => {
    const other = listen()
    const own = await openEmbedders({ defaultModel: MODEL, threads: 1, log: other.log })
    await all((await own.get(MODEL)).passages(sentence(1), never))
    await own.close()
    expect(other.starts).toHaveLength(2)
    expect(other.starts.filter(({ pid }) => isAlive(pid))).toEqual([])
    await expect(own.get(MODEL)).rejects.toMatchObject({ code: 'shutting_down' })
  })

  it('a process ends when its companion is gone', async () => {
    const entry = new URL('./embedders.ts', import.meta.url).href
    const script = `
      import { pino } from 'pino'
      import { openEmbedders } from ${JSON.stringify(entry)}
      const log = { info: entry => console.log(entry.pid), warn() {}, error() {} }
      await openEmbedders({ defaultModel: '${MODEL}', threads: 1, log })
      process.kill(process.pid, 'SIGKILL')`
    const pid = await new Promise<number>((resolve) => {
      try {
        execFileSync(process.execPath, ['--conditions=@similarity/source', '--input-type=module', '-e', script], { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      } catch (error) {
        resolve(Number((error as { stdout: string }).stdout.trim()))
      }
    })
    expect(pid).toBeGreaterThan(0)
    await vi.waitUntil(() => !isAlive(pid), { timeout: 10_000 })
  })
})

describe('the registry', () => {
  const copyOfModels = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'similarity-models-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await cp(join(BUNDLED_MODELS_DIR, MODEL), join(folder, MODEL), { recursive: true })
    return folder
  }
  const open = (bundledDir: string): Promise<Embedders> => openEmbedders({ defaultModel: MODEL, bundledDir, threads: 1, log })

  it('lists what can be chosen and what is there', async () => {
    const models = await embedders.models()
    expect(models.map(({ id, installed }) => [id, installed])).toEqual([
      [MODEL, true], ['multilingual-e5-small', false], ['granite-embedding-97m-multilingual-r2', false], ['bge-small-en-v1.5', false],
    ])
    expect(embedders.defaultModel.id).toBe(MODEL)
  })

  it('refuses a file of which one byte is changed, and names it', async () => {
    const folder = await copyOfModels()
    const path = join(folder, MODEL, 'onnx', 'model_quantized.onnx')
    const bytes = await readFile(path)
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(path, bytes)
    await expect(open(folder)).rejects.toThrow(/^model_tampered: .*onnx\/model_quantized\.onnx/)
  })

  it('refuses a file that is cut short', async () => {
    const folder = await copyOfModels()
    await truncate(join(folder, MODEL, 'tokenizer.json'), 1_000)
    await expect(open(folder)).rejects.toThrow(/^model_tampered: .*tokenizer\.json/)
  })

  it('starts without the default model, says which file lacks where, and opens it once it is there', async () => {
    const folder = await copyOfModels()
    const file = join(folder, MODEL, 'tokenizer.json')
    await rm(file)
    const { log, starts, warnings } = listen()
    const own = await openEmbedders({ defaultModel: MODEL, bundledDir: folder, threads: 1, log })
    onTestFinished(() => own.close())
    const detail = `The model ${MODEL} lacks its file tokenizer.json in the folder ${join(folder, MODEL)}.`

    expect(warnings).toMatchObject([{ model: MODEL, code: 'model_missing', fix: expect.stringContaining('folder') as string, msg: expect.stringContaining(detail) as string }])
    await expect(own.get(MODEL)).rejects.toMatchObject({ code: 'model_missing', detail })
    await expect(own.check(MODEL)).rejects.toMatchObject({ code: 'model_missing', detail })
    expect((await own.models())[0]).toMatchObject({ id: MODEL, installed: false })
    expect(starts).toEqual([])

    await cp(join(BUNDLED_MODELS_DIR, MODEL, 'tokenizer.json'), file)
    expect(await (await own.get(MODEL)).queries(['who'])).toHaveLength(1)
  })

  it('knows no model beyond its list', async () => {
    await expect(embedders.get('../all-MiniLM-L6-v2')).rejects.toMatchObject({ code: 'model_unknown' })
    await expect(embedders.check('gpt-99')).rejects.toMatchObject({ code: 'model_unknown' })
    await expect(openEmbedders({ defaultModel: 'gpt-99', threads: 1, log })).rejects.toMatchObject({ code: 'model_unknown' })
  })
})
