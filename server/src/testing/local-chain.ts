import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimilarityError, type Task } from '@datashare-similarity/shared'
import type { Caller, GrantedProject } from '../datashare/access.ts'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import { createLogger } from '../log.ts'
import type { Generation } from '../store/generation.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import type { CacheBytes } from '../store/lancedb/tables.ts'
import type { DocumentRow, VectorStore } from '../store/store.ts'
import type { OpenedEngine } from '../tasks/engine.ts'
import { openLocalEngine } from '../tasks/local/engine.ts'
import { aCaller } from './callers.ts'
import { createMemoryDocuments, type MemoryDocuments } from './memory-documents.ts'

export const log = createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent')
export const QUICK = { firstDelayMs: 5, maximumDelayMs: 20 }

/** The real store, ledger and engine in a folder of their own; the documents and the embedder are the caller's. */
export interface LocalChain extends OpenedEngine, AsyncDisposable {
  readonly dataDir: string
  readonly source: MemoryDocuments
  readonly store: VectorStore
  readonly caller: Caller
  readonly project: GrantedProject
  /** Starts and waits for the end. */
  vectorize(request?: Partial<Parameters<OpenedEngine['engine']['start']>[1]>): Promise<Task>
  /** The task as it stands. */
  task(id: string): Promise<Task>
  current(): Promise<Generation>
  rows(generation?: Generation): Promise<Map<string, DocumentRow>>
  /** Closes engine and store, and opens them again on the same folder. */
  reopen(): Promise<void>
}

export async function openLocalChain(embedders: Embedders, options: { source?: MemoryDocuments, dataDir?: string, batchesAtOnce?: number, cacheBytes?: CacheBytes | undefined } = {}): Promise<LocalChain> {
  const dataDir = options.dataDir ?? await mkdtemp(join(tmpdir(), 'similarity-chain-'))
  const source = options.source ?? createMemoryDocuments()
  const caller = aCaller('ada', 'harbour', 'quay')
  const project = caller.grant('harbour')
  const open = async (): Promise<{ store: VectorStore } & OpenedEngine> => {
    const store = await openLanceStore({ folder: join(dataDir, 'vectors'), log, cacheBytes: options.cacheBytes })
    return { store, ...await openLocalEngine({ dataDir, source, store, embedders, log, patience: QUICK, batchesAtOnce: options.batchesAtOnce ?? 2, retireAfterMs: 0 }) }
  }
  let opened = await open()
  const close = async (): Promise<void> => {
    await opened.engine.close()
    await opened.store.close()
  }
  const task = async (id: string): Promise<Task> => {
    const found = await opened.engine.get(caller, id)
    if (found === null) throw new Error('no such task')
    return found
  }
  const current = async (): Promise<Generation> => {
    const generation = await opened.generations.current(project.name)
    if (generation === null) throw new Error('no current generation')
    return generation
  }
  return {
    get engine() { return opened.engine },
    get generations() { return opened.generations },
    get measuredRate() { return opened.measuredRate },
    get chains() { return opened.chains },
    get store() { return opened.store },
    dataDir, source, caller, project, task, current,
    async vectorize(request) {
      const { id } = await opened.engine.start(project, { mode: 'update', ...request })
      await opened.engine.idle()
      return task(id)
    },
    async rows(generation) {
      const rows = new Map<string, DocumentRow>()
      for await (const page of opened.store.rows(generation ?? await current())) for (const row of page) rows.set(row.documentId, row)
      return rows
    },
    async reopen() {
      await close()
      opened = await open()
    },
    async [Symbol.asyncDispose]() {
      await close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Counts the texts that are embedded, and stops for a gate where a test sets one. */
export interface WatchedEmbedders extends Embedders {
  embedded: number
  /** Awaited before each document. It may throw. */
  gate: (content: string, signal: AbortSignal) => Promise<void> | void
}

export function watch(embedders: Embedders): WatchedEmbedders {
  const watched: WatchedEmbedders = {
    ...embedders,
    embedded: 0,
    gate: () => undefined,
    get: async id => watchOne(await embedders.get(id)),
  }
  const watchOne = (embedder: Embedder): Embedder => ({
    model: embedder.model,
    get ready() { return embedder.ready },
    queries: (texts, signal) => embedder.queries(texts, signal),
    examples: (texts, signal) => embedder.examples(texts, signal),
    cut: (content, signal) => embedder.cut(content, signal),
    close: () => embedder.close(),
    async* passages(content, signal) {
      await watched.gate(content, signal)
      for await (const group of embedder.passages(content, signal)) {
        watched.embedded += group.length
        yield group
      }
    },
  })
  return watched
}

/** Holds each document back until let go or aborted. */
export function hold(embedders: WatchedEmbedders): { reached: Promise<void>, letGo: () => void } {
  const reached = Promise.withResolvers<undefined>()
  const held = Promise.withResolvers<undefined>()
  embedders.gate = async (_content, signal) => {
    reached.resolve(undefined)
    const aborted = new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }))
    await Promise.race([held.promise, aborted])
  }
  return { reached: reached.promise, letGo: () => held.resolve(undefined) }
}

export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'no error', (error: unknown) => (error instanceof SimilarityError ? error.code : String(error)))
