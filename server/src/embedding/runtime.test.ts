import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from '@huggingface/transformers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { axisOf, LETTER_DIMENSIONS, writeLetterModel, type LetterModel } from '../testing/letter-model.ts'
import { describeFolder } from './local-folder.ts'
import { prefixed, type EmbeddingModel } from './model.ts'
import { loadRuntime, type Runtime } from './runtime.ts'

let folder: string
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'similarity-runtime-')) })
afterAll(() => rm(folder, { recursive: true }))

let made = 0
/** A model that counts letters, loaded. */
async function load(letters: LetterModel, settings: Partial<EmbeddingModel>): Promise<{ model: EmbeddingModel, runtime: Runtime }> {
  const place = join(folder, `model-${++made}`)
  const { pooling, prefixes, maxTokens, dimensions } = settings
  await writeLetterModel(place, { ...letters, json: { 'similarity.json': { pooling, prefixes, maxTokens, dimensions } } })
  const model = await describeFolder(place)
  return { model, runtime: await loadRuntime(place, model) }
}

/** What the vector should be: so much of each letter, at unit length. */
function counts(expected: Readonly<Record<string, number>>): Float32Array {
  const length = Math.hypot(...Object.values(expected))
  const vector = new Float32Array(LETTER_DIMENSIONS)
  for (const [token, count] of Object.entries(expected)) vector[axisOf(token)] = count / length
  return vector
}

const near = (vector: Float32Array, expected: Float32Array): void => {
  expect(vector.length).toBe(expected.length)
  for (const [axis, value] of expected.entries()) expect(vector[axis]).toBeCloseTo(value, 6)
}

const MEAN_OF_ABBA = counts({ '[CLS]': 1, 'a': 2, 'b': 2, '[SEP]': 1 })

describe('the vector of a text', () => {
  it.each([
    { what: 'the mean of its tokens, the special ones included', letters: {}, pooling: 'mean', expected: MEAN_OF_ABBA },
    { what: 'that of its first token', letters: {}, pooling: 'cls', expected: counts({ '[CLS]': 1 }) },
    { what: 'the one that the model makes itself', letters: { output: 'sentence_embedding' }, pooling: 'model', expected: counts({ '[CLS]': 1, 'a': 1, 'b': 1, '[SEP]': 1 }) },
    { what: 'made of an output of another name', letters: { output: 'token_embeddings' }, pooling: 'mean', expected: MEAN_OF_ABBA },
    { what: 'made with the types of tokens, all those of a first text, where the model wants them', letters: { withTokenTypes: true }, pooling: 'mean', expected: MEAN_OF_ABBA },
    { what: 'the same where the model file lies beside the others', letters: { onnx: 'letters.onnx' }, pooling: 'mean', expected: MEAN_OF_ABBA },
  ] as const)('is $what', async ({ letters, pooling, expected }) => {
    const { runtime } = await load(letters, { pooling })
    near(await runtime.embed('ab ba'), expected)
  })

  it('has unit length, and memory of its own', async () => {
    const { runtime } = await load({}, { pooling: 'mean' })
    const vector = await runtime.embed('aaaaaaaaaab')
    expect(Math.hypot(...vector)).toBeCloseTo(1, 6)
    expect(vector.buffer.byteLength).toBe(LETTER_DIMENSIONS * 4)
  })

  it('is the same alone, among others and again', async () => {
    const { runtime } = await load({}, { pooling: 'mean' })
    const alone = await runtime.embed('letters')
    const among = await Promise.all(['a', 'letters', 'z'.repeat(90)].map(text => runtime.embed(text)))
    expect(among[1]).toEqual(alone)
    expect(await runtime.embed('letters')).toEqual(alone)
  })

  it('begins with the prefix of the role', async () => {
    const { model, runtime } = await load({}, { pooling: 'mean', prefixes: { query: 'q ', passage: 'p ' } })
    near(await runtime.embed(prefixed(model, 'query', 'a')), counts({ '[CLS]': 1, 'q': 1, 'a': 1, '[SEP]': 1 }))
    near(await runtime.embed(prefixed(model, 'passage', 'a')), counts({ '[CLS]': 1, 'p': 1, 'a': 1, '[SEP]': 1 }))
  })

  it('of a text beyond the limit is that of its beginning, with the closing token', async () => {
    const { runtime } = await load({}, { pooling: 'mean', maxTokens: 10 })
    near(await runtime.embed('a'.repeat(8)), counts({ '[CLS]': 1, 'a': 8, '[SEP]': 1 }))
    near(await runtime.embed(`${'a'.repeat(8)} bbb`), counts({ '[CLS]': 1, 'a': 8, '[SEP]': 1 }))
    expect(runtime.tokenizer.count('ab ba')).toBe(4)
  })
})

describe('a model whose output is not as its description says', () => {
  it.each([
    { what: 'no vectors of tokens', letters: { output: 'sentence_embedding' }, settings: { pooling: 'mean' }, told: /gives no last_hidden_state or token_embeddings.* it gives sentence_embedding/ },
    { what: 'none for a text', letters: {}, settings: { pooling: 'model' }, told: /gives no sentence_embedding.* it gives last_hidden_state/ },
    { what: 'other dimensions', letters: {}, settings: { pooling: 'mean', dimensions: 4 }, told: /gives vectors of 28 dimensions, its description says 4/ },
    { what: '16-bit numbers', letters: { numbers: 'float16' }, settings: { pooling: 'mean' }, told: /numbers of the type float16 instead of float32/ },
  ] as const)('with $what is refused', async ({ letters, settings, told }) => {
    const { runtime } = await load(letters, settings)
    await expect(runtime.embed('a')).rejects.toMatchObject({ code: 'model_refused', detail: expect.stringMatching(told) as string })
  })
})

describe('the library', () => {
  it('fetches nothing, also where a file is missing', async () => {
    const fetched = vi.fn<typeof fetch>(() => Promise.reject(new Error('no network')))
    const { fetch: before } = env
    env.fetch = fetched
    try {
      const { model, runtime } = await load({}, { pooling: 'mean' })
      await runtime.embed('a')
      await expect(loadRuntime(join(folder, 'nowhere'), model)).rejects.toThrow()
      await expect(loadRuntime(join(folder, `model-${made}`), { ...model, onnx: 'onnx/other.onnx' })).rejects.toThrow()
    } finally {
      env.fetch = before
    }
    expect(fetched).not.toHaveBeenCalled()
  })

  it('prints nothing of a text that the model fails on', async () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue(undefined)
    const { runtime } = await load({ withTokenTypes: true }, { pooling: 'mean' })
    const { encode } = runtime.tokenizer
    runtime.tokenizer.encode = (text, most) => [...encode(text, most), 4_711]
    await expect(runtime.embed('secret')).rejects.toThrow()
    const lines = printed.mock.calls
    printed.mockRestore()
    expect(lines).toEqual([])
  })
})
