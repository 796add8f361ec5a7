import { setTimeout as sleep } from 'node:timers/promises'
import { SimilarityError, type Task } from '@datashare-similarity/shared'
import type { Caller, GrantedProject } from '../datashare/access.ts'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import { createLogger } from '../log.ts'
import type { Generation } from '../store/generation.ts'
import type { DocumentRow, VectorStore } from '../store/store.ts'
import type { OpenedEngine, StartRequest } from '../tasks/engine.ts'
import type { MemoryDocuments } from './memory-documents.ts'

export const log = createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent')
export const QUICK = { firstDelayMs: 5, maximumDelayMs: 20 }

/** An engine on real parts; the documents and the embedder are the caller's. */
export interface TestChain extends OpenedEngine, AsyncDisposable {
  readonly source: MemoryDocuments
  readonly store: VectorStore
  readonly caller: Caller
  readonly project: GrantedProject
  /** Another project of the same caller. */
  readonly other: GrantedProject
  /** Starts and waits for the end. */
  vectorize(request?: Partial<StartRequest>): Promise<Task>
  /** The task as it stands. */
  task(id: string): Promise<Task>
  current(): Promise<Generation>
  rows(generation?: Generation): Promise<Map<string, DocumentRow>>
}

/** What tests ask of an engine again and again. */
export function looking(opened: () => { store: VectorStore } & OpenedEngine, project: GrantedProject): Pick<TestChain, 'vectorize' | 'task' | 'current' | 'rows'> {
  const task = async (id: string): Promise<Task> => {
    const found = await opened().engine.get(project.caller, id)
    if (found === null) throw new Error('no such task')
    return found
  }
  const current = async (): Promise<Generation> => {
    const generation = await opened().generations.current(project.name)
    if (generation === null) throw new Error('no current generation')
    return generation
  }
  return {
    task,
    current,
    async vectorize(request) {
      const { id } = await opened().engine.start(project, { mode: 'update', ...request })
      await opened().engine.idle()
      return task(id)
    },
    async rows(generation) {
      const rows = new Map<string, DocumentRow>()
      for await (const page of opened().store.rows(generation ?? await current())) for (const row of page) rows.set(row.documentId, row)
      return rows
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

/** Lets so many documents through, and holds the next ones until they are aborted; resolves when the first of them is reached. */
export function holdAfter(embedders: WatchedEmbedders, documents: number): Promise<undefined> {
  const reached = Promise.withResolvers<undefined>()
  let seen = 0
  embedders.gate = async (_content, signal) => {
    if (++seen <= documents) return
    reached.resolve(undefined)
    await sleep(60_000, undefined, { signal })
  }
  return reached.promise
}

export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'no error', (error: unknown) => (error instanceof SimilarityError ? error.code : String(error)))
