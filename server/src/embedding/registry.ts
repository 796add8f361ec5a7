import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { SimilarityError } from '@datashare-similarity/shared'
import type { EmbeddingModel } from './model.ts'
import { refersToOtherFiles } from './onnx-file.ts'

/** Where the models lie that come with the package. */
export const BUNDLED_MODELS_DIR = fileURLToPath(new URL('../../models', import.meta.url))

/** Revision of a model whose files are not pinned yet. */
const UNPINNED = 'unpinned'

/** The models that can be chosen. What is not bundled is used once its files lie in the folder of models. */
const MODELS: readonly EmbeddingModel[] = [
  {
    id: 'all-MiniLM-L6-v2',
    revision: 'int8-9fe54c9599ee',
    files: {
      'LICENSE': 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30',
      'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
      'onnx/model_quantized.onnx': '9fe54c9599eefecda9337b715e9cd6087a52ee1e4202ffd2f13a78c42492906c',
      'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
      'tokenizer_config.json': 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
    },
    dimensions: 384,
    maxTokens: 256,
    pooling: 'mean',
    normalize: true,
    prefixes: { query: '', passage: '' },
    languages: ['en'],
    licence: 'Apache-2.0',
    dtype: 'q8',
    bundled: true,
  },
  {
    id: 'multilingual-e5-small',
    revision: UNPINNED,
    files: {},
    dimensions: 384,
    maxTokens: 512,
    pooling: 'mean',
    normalize: true,
    prefixes: { query: 'query: ', passage: 'passage: ' },
    languages: ['*'],
    licence: 'MIT',
    dtype: 'q8',
    bundled: false,
  },
  {
    id: 'granite-embedding-97m-multilingual-r2',
    revision: UNPINNED,
    files: {},
    dimensions: 384,
    // It reads 32,768, but attention over a long query would take gigabytes, and no passage comes near
    maxTokens: 512,
    pooling: 'cls',
    normalize: true,
    prefixes: { query: '', passage: '' },
    languages: ['*'],
    licence: 'Apache-2.0',
    dtype: 'q8',
    bundled: false,
  },
  {
    id: 'bge-small-en-v1.5',
    revision: UNPINNED,
    files: {},
    dimensions: 384,
    maxTokens: 512,
    pooling: 'cls',
    normalize: true,
    prefixes: { query: 'Represent this sentence for searching relevant passages: ', passage: '' },
    languages: ['en'],
    licence: 'MIT',
    dtype: 'q8',
    bundled: false,
  },
]

/** Folders that hold models, each in a folder of its id. */
export interface ModelFolders {
  /** Of the models that come with the package. */
  readonly bundledDir: string
  /** Of all others. */
  readonly modelsDir: string
}

/** @throws SimilarityError model_unknown */
export function modelOf(id: string): EmbeddingModel {
  const model = MODELS.find(entry => entry.id === id)
  if (model === undefined) throw new SimilarityError('model_unknown', { detail: `The registry has ${MODELS.map(entry => entry.id).join(', ')}.` })
  return model
}

export const folderOf = (model: EmbeddingModel, { bundledDir, modelsDir }: ModelFolders): string => join(model.bundled ? bundledDir : modelsDir, model.id)

/** Paths below the model's folder without which it cannot be loaded. */
function requiredFiles({ files, dtype }: EmbeddingModel): string[] {
  const pinned = Object.keys(files)
  if (pinned.length > 0) return pinned
  return ['config.json', 'tokenizer.json', 'tokenizer_config.json', dtype === 'q8' ? 'onnx/model_quantized.onnx' : 'onnx/model.onnx']
}

async function firstMissing(model: EmbeddingModel, folder: string): Promise<string | null> {
  for (const path of requiredFiles(model)) {
    const found = await stat(join(folder, path)).catch(() => null)
    if (found?.isFile() !== true) return path
  }
  return null
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** @throws SimilarityError model_missing | model_tampered | model_refused, each naming the file */
export async function verifyModel(model: EmbeddingModel, folder: string): Promise<void> {
  const missing = await firstMissing(model, folder)
  if (missing !== null) throw new SimilarityError('model_missing', { detail: `The model ${model.id} lacks its file ${missing}.` })
  for (const [path, pinned] of Object.entries(model.files)) {
    if (await sha256(join(folder, path)) !== pinned) throw new SimilarityError('model_tampered', { detail: `The file ${path} of the model ${model.id} is not the pinned one.` })
  }
  for (const path of requiredFiles(model).filter(name => name.endsWith('.onnx'))) {
    // Such a file names paths of its own choice, which the runtime would read.
    const isRefused = await refersToOtherFiles(join(folder, path)).catch(() => true)
    if (isRefused) throw new SimilarityError('model_refused', { detail: `The file ${path} of the model ${model.id} is no ONNX file that holds all of its data.` })
  }
}

/** The registry, with what is there to be used. Files are looked for, not read. */
export async function listModels(folders: ModelFolders): Promise<(EmbeddingModel & { installed: boolean })[]> {
  return await Promise.all(MODELS.map(async model => ({ ...model, installed: await firstMissing(model, folderOf(model, folders)) === null })))
}
