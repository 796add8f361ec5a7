import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { LETTER_DIMENSIONS, writeLetterModel, type LetterModel } from '../testing/letter-model.ts'
import { openCatalogue } from './catalogue.ts'
import { openEmbedders } from './embedders.ts'
import { describeFolder, isFolderName } from './local-folder.ts'

let root: string
beforeAll(async () => { root = await mkdtemp(join(tmpdir(), 'similarity-folder-')) })
afterAll(() => rm(root, { recursive: true }))

let made = 0
async function write(json: LetterModel['json'] = {}, letters: LetterModel = {}): Promise<string> {
  const folder = join(root, `letters-${++made}`)
  await writeLetterModel(folder, { ...letters, json })
  return folder
}

const MEAN = { 'similarity.json': { pooling: 'mean' } }
const poolingOf = (mode: string) => ({ '1_Pooling/config.json': { word_embedding_dimension: 28, pooling_mode_mean_tokens: false, pooling_mode_cls_token: false, [mode]: true } })
const steps = (...names: string[]) => ({ 'modules.json': names.map((name, idx) => ({ idx, path: '', type: `sentence_transformers.models.${name}` })) })

describe('a folder as a model', () => {
  it('is described by its similarity.json', async () => {
    const similarity = { id: 'mine', pooling: 'cls', prefixes: { query: 'q: ', passage: 'p: ' }, maxTokens: 150, languages: ['fr', 'en'], licence: 'MIT', dimensions: 28, onnx: 'onnx/model.onnx' }
    const model = await describeFolder(await write({ 'similarity.json': similarity }))

    expect(model).toMatchObject({ ...similarity, repository: null, bundled: false, normalize: true })
    expect(Object.keys(model.files).toSorted()).toEqual(['config.json', 'onnx/model.onnx', 'tokenizer.json', 'tokenizer_config.json'])
    expect(model.bytes).toBeGreaterThan(5_000)
  })

  it('needs none where sentence-transformers has said it all', async () => {
    const folder = await write({ ...poolingOf('pooling_mode_cls_token'), ...steps('Transformer', 'Pooling', 'Normalize'), 'sentence_bert_config.json': { max_seq_length: 140 } }, { onnx: 'model.onnx' })

    expect(await describeFolder(folder)).toMatchObject({
      id: `letters-${made}`, pooling: 'cls', maxTokens: 140, dimensions: LETTER_DIMENSIONS, onnx: 'model.onnx', prefixes: { query: '', passage: '' }, languages: [], licence: 'unknown',
    })
    expect(await describeFolder(await write(poolingOf('pooling_mode_mean_tokens')))).toMatchObject({ pooling: 'mean', maxTokens: 200 })
  })

  it('is another model when a file or what it is used with changes, and the same when only words about it do', async () => {
    const revisionOf = async (json: LetterModel['json'], letters?: LetterModel): Promise<string> => (await describeFolder(await write(json, letters))).revision
    const revision = await revisionOf(MEAN)

    expect(await revisionOf(MEAN)).toBe(revision)
    expect(await revisionOf({ 'similarity.json': { pooling: 'mean', languages: ['fr'], licence: 'MIT' } })).toBe(revision)
    const others = await Promise.all([
      revisionOf({ 'similarity.json': { pooling: 'cls' } }), revisionOf({ 'similarity.json': { pooling: 'mean', maxTokens: 150 } }),
      revisionOf({ 'similarity.json': { pooling: 'mean', prefixes: { query: 'q', passage: '' } } }), revisionOf(MEAN, { withTokenTypes: true }),
      revisionOf({ ...MEAN, 'tokenizer_config.json': { model_max_length: 200 } }),
    ])
    expect(new Set([revision, ...others]).size).toBe(6)
  })

  it.each([
    { lacks: 'a pooling', json: {}, told: 'say "pooling" in similarity.json' },
    { lacks: 'a known pooling', json: { 'similarity.json': { pooling: 'max' } }, told: 'similarity.json is not as it should be: pooling: ' },
    { lacks: 'a pooling that can be done', json: poolingOf('pooling_mode_max_tokens'), told: '1_Pooling/config.json asks for pooling_mode_max_tokens' },
    { lacks: 'steps that can be done', json: { ...poolingOf('pooling_mode_mean_tokens'), ...steps('Transformer', 'Pooling', 'Dense') }, told: 'the step Dense' },
    { lacks: 'known settings', json: { 'similarity.json': { pooling: 'mean', poolng: 'mean' } }, told: 'poolng' },
    { lacks: 'JSON', json: { 'similarity.json': '{"pooling": "mean"' }, told: 'similarity.json is not as it should be' },
    { lacks: 'whole prefixes', json: { 'similarity.json': { pooling: 'mean', prefixes: { query: 'q' } } }, told: 'prefixes.passage' },
    { lacks: 'real languages', json: { 'similarity.json': { pooling: 'mean', languages: ['French'] } }, told: 'languages.0: codes such as "en"' },
    { lacks: 'dimensions', json: { ...MEAN, 'config.json': { model_type: 'bert' } }, told: 'say "dimensions"' },
    { lacks: 'a limit', json: { ...MEAN, 'tokenizer_config.json': { model_max_length: 1e30 } }, told: 'say "maxTokens"' },
    { lacks: 'a model file of its own', json: { 'similarity.json': { pooling: 'mean', onnx: '../letters-1/onnx/model.onnx' } }, told: 'onnx: the path of an .onnx file within the folder' },
    { lacks: 'the model file that it names', json: { 'similarity.json': { pooling: 'mean', onnx: 'other.onnx' } }, told: 'the file other.onnx cannot be read' },
    { lacks: 'a choice between its model files', json: { ...MEAN, 'model.onnx': '' }, told: 'several .onnx files (model.onnx, onnx/model.onnx)' },
  ])('that lacks $lacks is refused, and told what to say', async ({ json, told }) => {
    const folder = await write(json)
    const failure: unknown = await describeFolder(folder).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'configuration_wrong', detail: expect.stringContaining(told) as string })
    expect(failure).toMatchObject({ detail: expect.stringContaining(folder) as string })
  })

  it.each(['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx'])('that lacks the file %s is refused', async (name) => {
    const folder = await write(MEAN)
    await rm(join(folder, name))
    await expect(describeFolder(folder)).rejects.toMatchObject({ code: 'configuration_wrong' })
  })

  it('that is none is refused', async () => {
    await expect(describeFolder(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'configuration_wrong', detail: expect.stringContaining('does not exist') as string })
  })
})

describe('the name of a model', () => {
  it('is a path or an id', () => {
    expect(['/models/mine', './mine', '..', 'models/mine', 'C:\\models'].map(isFolderName)).toEqual([true, true, true, true, true])
    expect(['all-MiniLM-L6-v2', 'bge-small-en-v1.5'].map(isFolderName)).toEqual([false, false])
  })

  it('belongs to one only', async () => {
    const folder = await write({ 'similarity.json': { id: 'bge-small-en-v1.5', pooling: 'mean' } })
    await expect(openCatalogue({ defaultModel: folder })).rejects.toMatchObject({ code: 'configuration_wrong', detail: expect.stringContaining('an id of its own') as string })
  })
})

describe('when it is opened', () => {
  const open = (folder: string) => openEmbedders({ defaultModel: folder, threads: 1, log: createLogger('silent') })

  it('it embeds queries and documents, each with its prefix, the same in each process', async () => {
    await using opened = new AsyncDisposableStack()
    const embedders = await open(await write({ 'similarity.json': { id: 'mine', pooling: 'mean', prefixes: { query: '', passage: 'p ' } } }))
    opened.defer(() => embedders.close())
    const embedder = await embedders.get('mine')
    const [query, prefixed] = await embedder.queries(['ab', 'p ab'])
    const groups = await Array.fromAsync(embedder.passages('ab', new AbortController().signal))

    expect(await embedder.examples(['ab'])).toEqual([prefixed])
    expect(groups.flat().map(({ embedding }) => embedding)).toEqual([prefixed])
    expect(query).not.toEqual(prefixed)
  })

  it('one that cuts passages short is refused', async () => {
    await expect(open(await write({ 'similarity.json': { pooling: 'mean', maxTokens: 64 } }))).rejects.toMatchObject({ code: 'model_refused', detail: expect.stringContaining('64 tokens at most') as string })
  })

  it('one of other dimensions than it says is refused', async () => {
    await expect(open(await write({ 'similarity.json': { pooling: 'mean', dimensions: 384 } }))).rejects.toMatchObject({ code: 'model_refused', detail: expect.stringContaining('28 dimensions') as string })
  })

  it('a file that has changed since is noticed by whoever loads it', async () => {
    await using opened = new AsyncDisposableStack()
    const folder = await write(MEAN)
    const embedders = await open(folder)
    opened.defer(() => embedders.close())
    await writeFile(join(folder, 'tokenizer_config.json'), '{}')
    const passages = Array.fromAsync((await embedders.get(embedders.defaultModel.id)).passages('ab', new AbortController().signal))

    await expect(passages).rejects.toMatchObject({ code: 'model_tampered', detail: expect.stringContaining('tokenizer_config.json') as string })
  })
})
