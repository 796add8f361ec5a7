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

/** The models that can be chosen: each is pinned. */
export const REGISTRY: readonly EmbeddingModel[] = [
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
]

/** @throws SimilarityError model_unknown */
export function modelOf(id: string, registry: readonly EmbeddingModel[] = REGISTRY): EmbeddingModel {
  const model = registry.find(entry => entry.id === id)
  if (model === undefined) throw new SimilarityError('model_unknown', { detail: `The registry has ${registry.map(entry => entry.id).join(', ')}.` })
  return model
}

async function firstMissing({ files }: EmbeddingModel, folder: string): Promise<string | null> {
  for (const path of Object.keys(files)) {
    const found = await stat(join(folder, path)).catch(() => null)
    if (found?.isFile() !== true) return path
  }
  return null
}

/** Files are looked for, not read. @throws SimilarityError model_missing, naming the first file and the folder */
export async function needFiles(model: EmbeddingModel, folder: string): Promise<void> {
  const missing = await firstMissing(model, folder)
  if (missing !== null) throw new SimilarityError('model_missing', { detail: `The model ${model.id} lacks its file ${missing} in the folder ${folder}.` })
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** @throws SimilarityError model_missing | model_tampered | model_refused, each naming the file */
export async function verifyModel(model: EmbeddingModel, folder: string): Promise<void> {
  await needFiles(model, folder)
  for (const [path, pinned] of Object.entries(model.files)) {
    if (await sha256(join(folder, path)) !== pinned) throw new SimilarityError('model_tampered', { detail: `The file ${path} of the model ${model.id} is not the pinned one.` })
  }
  for (const path of Object.keys(model.files).filter(name => name.endsWith('.onnx'))) {
    // Such a file names paths of its own choice, which the runtime would read.
    const isRefused = await refersToOtherFiles(join(folder, path)).catch(() => true)
    if (isRefused) throw new SimilarityError('model_refused', { detail: `The file ${path} of the model ${model.id} is no ONNX file that holds all of its data.` })
  }
}

/** The registry, with what is there to be used. Files are looked for, not read. */
export async function listModels(registry: readonly EmbeddingModel[], bundledDir: string): Promise<(EmbeddingModel & { installed: boolean })[]> {
  return await Promise.all(registry.map(async model => ({ ...model, installed: await firstMissing(model, join(bundledDir, model.id)) === null })))
}
