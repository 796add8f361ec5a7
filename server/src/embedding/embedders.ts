import { join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import type { Logger } from '../log.ts'
import { orAborted } from './abort.ts'
import type { Embedder, Embedders } from './embedder.ts'
import type { EmbeddingModel } from './model.ts'
import { openEmbedder, type Timeouts } from './open-embedder.ts'
import { BUNDLED_MODELS_DIR, listModels, modelOf, needFiles, REGISTRY, verifyModel } from './registry.ts'

export interface EmbeddersOptions {
  /** Id of the model for a first vectorization. */
  readonly defaultModel: string
  /** Processes for documents, of each model in use. */
  readonly threads: number
  readonly log: Logger
  /** Folder of the models that come with the package, where it is another. */
  readonly bundledDir?: string
  /** The models that can be chosen, where they are others. */
  readonly registry?: readonly EmbeddingModel[]
  readonly timeouts?: Partial<Timeouts>
}

/**
 * Opens the default model now and any other one when it is asked for. Each is checked against its pinned hashes first.
 * Where the default model is missing the rest of the companion works without it: it is opened once its files are there.
 * @throws SimilarityError model_unknown | model_tampered | model_refused | embedder_unavailable
 */
export async function openEmbedders({ defaultModel, threads, log, bundledDir = BUNDLED_MODELS_DIR, registry = REGISTRY, timeouts = {} }: EmbeddersOptions): Promise<Embedders> {
  const opened = new Map<string, Promise<Embedder>>()
  const closing = new AbortController()

  const open = async (id: string): Promise<Embedder> => {
    const found = modelOf(id, registry)
    const folder = join(bundledDir, found.id)
    await verifyModel(found, folder)
    return await openEmbedder({ model: found, folder, threads, log, timeouts, signal: closing.signal })
  }

  const get: Embedders['get'] = async (id, signal) => {
    closing.signal.throwIfAborted()
    let opening = opened.get(id)
    if (opening === undefined) {
      opening = open(id)
      opened.set(id, opening)
      opening.catch(() => opened.delete(id))
    }
    return await orAborted(opening, signal)
  }

  const model = modelOf(defaultModel, registry)
  await get(model.id).catch((error: unknown) => {
    if (!(error instanceof SimilarityError) || error.code !== 'model_missing') throw error
    log.warn({ model: model.id, code: error.code, fix: error.entry.fix }, `${error.detail} Search goes on by words, and nothing is vectorized.`)
  })
  return {
    defaultModel: model,
    get,
    check: async id => await needFiles(modelOf(id, registry), join(bundledDir, id)),
    models: () => listModels(registry, bundledDir),
    close: async () => {
      closing.abort(new SimilarityError('shutting_down'))
      await Promise.allSettled([...opened.values()].map(async opening => await (await opening).close()))
      opened.clear()
    },
  }
}
