import { SimilarityError } from '@datashare-similarity/shared'
import type { Logger } from '../log.ts'
import { orAborted } from './abort.ts'
import { openCatalogue, type CatalogueOptions } from './catalogue.ts'
import type { Embedder, Embedders } from './embedder.ts'
import { needFiles } from './model-files.ts'
import type { Device } from './model.ts'
import { openEmbedder, type Timeouts } from './open-embedder.ts'

export interface EmbeddersOptions extends CatalogueOptions {
  /** Processes for documents, of each model in use. */
  readonly threads: number
  readonly device?: Device
  readonly log: Logger
  readonly timeouts?: Partial<Timeouts>
  /** After how long without a query another model than the default one gives its memory back. */
  readonly idleMs?: number
  /** Gives up the start. */
  readonly signal?: AbortSignal | undefined
}

const IDLE_MS = 300_000

/**
 * Opens the default model now and any other one when it is asked for. Each is checked against its pinned hashes before it is loaded.
 * Where the default model is missing the rest of the companion works without it: it is opened once its files are there.
 * @throws SimilarityError model_unknown | configuration_wrong | model_tampered | model_refused | embedder_unavailable | the signal's reason
 */
export async function openEmbedders({ threads, device, log, timeouts = {}, idleMs = IDLE_MS, signal: starting, ...models }: EmbeddersOptions): Promise<Embedders> {
  const { defaultModel, find, list } = await openCatalogue(models)
  const opened = new Map<string, Promise<Embedder>>()
  const closing = new AbortController()

  const open = async (id: string): Promise<Embedder> => {
    const { model, folder } = find(id)
    await needFiles(model, folder)
    return await openEmbedder({ model, folder, threads, device, log, timeouts, idleMs: id === defaultModel.id ? undefined : idleMs, signal: closing.signal })
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

  const close = async (): Promise<void> => {
    closing.abort(new SimilarityError('shutting_down'))
    await Promise.allSettled([...opened.values()].map(async opening => await (await opening).close()))
    opened.clear()
  }

  await get(defaultModel.id, starting).catch(async (error: unknown) => {
    // Also a process that hangs while it loads goes.
    if (starting?.aborted === true) await close()
    if (!(error instanceof SimilarityError) || error.code !== 'model_missing') throw error
    log.warn({ model: defaultModel.id, code: error.code, fix: error.entry.fix }, `${error.detail} Search goes on by words, and nothing is vectorized.`)
  })
  return {
    defaultModel,
    get,
    check: async (id) => {
      const { model, folder } = find(id)
      await needFiles(model, folder)
    },
    models: list,
    close,
  }
}
