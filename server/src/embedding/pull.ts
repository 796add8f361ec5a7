import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import { download, type HubOptions } from './hub.ts'
import { verifyModel } from './model-files.ts'
import type { EmbeddingModel } from './model.ts'

export interface PullOptions {
  readonly model: EmbeddingModel
  /** Where the model belongs: nothing is there before all of it is. */
  readonly folder: string
  readonly hub: HubOptions
  readonly onProgress?: (received: number, total: number) => void
}

/**
 * Brings a model of the registry from the hub to its folder, unless it is there as it should be.
 * It is downloaded beside it, checked against its pinned hashes, and only then takes its place.
 * @returns whether anything had to be downloaded
 * @throws SimilarityError model_missing where it cannot be pulled | model_download_failed | model_tampered | model_refused | disk_full | store_unreadable | the signal's reason
 */
export async function pullModel({ model, folder, hub, onProgress = () => undefined }: PullOptions): Promise<boolean> {
  if (await isInPlace(model, folder)) return false
  const { repository, revision } = model
  if (repository === null) throw new SimilarityError('model_missing', { detail: `The model ${model.id} is on no hub: restore its files in the folder ${folder}.` })
  const fresh = join(dirname(folder), `.${model.id}.${process.pid}`)
  try {
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
    await sweep(dirname(folder), model.id)
    await needRoom(dirname(folder), model.bytes)
    let received = 0
    for (const path of Object.keys(model.files)) {
      await mkdir(dirname(join(fresh, path)), { recursive: true, mode: 0o700 })
      await download({ repository, revision, path }, join(fresh, path), (bytes) => {
        received += bytes
        if (received > model.bytes) throw new SimilarityError('model_tampered', { detail: `The hub sends more than the files of the model ${model.id} have.` })
        onProgress(received, model.bytes)
      }, hub)
    }
    await verifyModel(model, fresh)
    await rm(folder, { recursive: true, force: true })
    await rename(fresh, folder)
    return true
  } catch (error) {
    // What cannot be removed now is swept by the next one; the error itself is what is told
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined)
    throw ofDisk(error)
  }
}

async function isInPlace(model: EmbeddingModel, folder: string): Promise<boolean> {
  try {
    await verifyModel(model, folder)
    return true
  } catch (error) {
    if (error instanceof SimilarityError && ['model_missing', 'model_tampered'].includes(error.code)) return false
    throw error
  }
}

/** What a process that was killed has left. */
async function sweep(modelsDir: string, id: string): Promise<void> {
  for (const name of await readdir(modelsDir)) {
    const pid = name.startsWith(`.${id}.`) ? Number(name.slice(id.length + 2)) : NaN
    if (Number.isInteger(pid) && (pid === process.pid || !isAlive(pid))) await rm(join(modelsDir, name), { recursive: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

async function needRoom(modelsDir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(modelsDir)
  if (bavail * bsize < bytes) throw new SimilarityError('disk_full', { detail: `The model needs ${Math.ceil(bytes / 1e6)} MB in ${modelsDir}; ${Math.floor(bavail * bsize / 1e6)} MB are free.` })
}

const codeOf = (error: unknown): unknown => error instanceof Error && 'code' in error ? error.code : undefined

function ofDisk(error: unknown): unknown {
  const code = codeOf(error)
  if (error instanceof SimilarityError || typeof code !== 'string') return error
  if (['ENOSPC', 'EDQUOT'].includes(code)) return new SimilarityError('disk_full', { cause: error })
  return ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code) ? new SimilarityError('store_unreadable', { cause: error }) : error
}
