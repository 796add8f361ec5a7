import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SimilarityError } from '@datashare-similarity/shared'
import type { EmbeddingModel } from './model.ts'
import { refersToOtherFiles } from './onnx-file.ts'

async function firstMissing({ files }: EmbeddingModel, folder: string): Promise<string | null> {
  for (const path of Object.keys(files)) {
    const found = await stat(join(folder, path)).catch(() => null)
    if (found?.isFile() !== true) return path
  }
  return null
}

/** Files are looked for, not read. */
export const hasFiles = async (model: EmbeddingModel, folder: string): Promise<boolean> => await firstMissing(model, folder) === null

/** Files are looked for, not read. @throws SimilarityError model_missing, naming the first file and the folder */
export async function needFiles(model: EmbeddingModel, folder: string): Promise<void> {
  const missing = await firstMissing(model, folder)
  if (missing !== null) throw new SimilarityError('model_missing', { detail: `The model ${model.id} lacks its file ${missing} in the folder ${folder}.` })
}

/** In hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** @throws SimilarityError model_missing | model_tampered | model_refused, each naming the file */
export async function verifyModel(model: EmbeddingModel, folder: string): Promise<void> {
  await needFiles(model, folder)
  for (const [path, pinned] of Object.entries(model.files)) {
    if (await sha256Of(join(folder, path)) !== pinned) throw new SimilarityError('model_tampered', { detail: `The file ${path} of the model ${model.id} is not the pinned one.` })
  }
  // Such a file names paths of its own choice, which the runtime would read.
  const isRefused = await refersToOtherFiles(join(folder, model.onnx)).catch(() => true)
  if (isRefused) throw new SimilarityError('model_refused', { detail: `The file ${model.onnx} of the model ${model.id} is no ONNX file that holds all of its data.` })
}
