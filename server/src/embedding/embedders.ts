import { SimilarityError } from '@datashare-similarity/shared'
import type { Logger } from '../log.ts'
import type { Embedder, Embedders } from './embedder.ts'
import { openEmbedder } from './open-embedder.ts'
import { BUNDLED_MODELS_DIR, folderOf, listModels, modelOf, verifyModel } from './registry.ts'

export interface EmbeddersOptions {
  /** Id of the model for a first vectorization. */
  readonly defaultModel: string
  /** Folder of the models that do not come with the package. */
  readonly modelsDir: string
  /** Processes for documents, of each model in use. */
  readonly threads: number
  readonly log: Logger
  /** Folder of the models that come with the package, where it is another. */
  readonly bundledDir?: string
}

/**
 * Opens the default model now and any other one when it is asked for. Each is checked against its pinned hashes first.
 * @throws SimilarityError model_unknown | model_missing | model_tampered | model_refused | embedder_unavailable
 */
export async function openEmbedders({ defaultModel, modelsDir, threads, log, bundledDir = BUNDLED_MODELS_DIR }: EmbeddersOptions): Promise<Embedders> {
  const folders = { modelsDir, bundledDir }
  const opened = new Map<string, Promise<Embedder>>()

  const open = async (id: string): Promise<Embedder> => {
    const model = modelOf(id)
    const folder = folderOf(model, folders)
    await verifyModel(model, folder)
    return await openEmbedder({ model, folder, threads, log })
  }

  let isClosed = false
  const get = async (id: string): Promise<Embedder> => {
    if (isClosed) throw new SimilarityError('shutting_down')
    const existing = opened.get(id)
    if (existing !== undefined) return await existing
    const opening = open(id)
    opened.set(id, opening)
    try {
      return await opening
    } catch (error) {
      opened.delete(id)
      throw error
    }
  }

  const { model } = await get(defaultModel)
  return {
    defaultModel: model,
    get,
    models: () => listModels(folders),
    close: async () => {
      isClosed = true
      await Promise.allSettled([...opened.values()].map(async opening => await (await opening).close()))
      opened.clear()
    },
  }
}
