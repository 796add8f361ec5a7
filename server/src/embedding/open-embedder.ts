import { SimilarityError } from '@datashare-similarity/shared'
import type { Logger } from '../log.ts'
import { ProcessGone, type Connection } from './connection.ts'
import { DocumentPool } from './document-pool.ts'
import type { EmbeddedPassage, Embedder } from './embedder.ts'
import { whenUnused } from './idle.ts'
import { ModelProcess } from './model-process.ts'
import type { Device, EmbeddingModel } from './model.ts'

export interface EmbedderOptions {
  readonly model: EmbeddingModel
  /** Where the files of the model lie. */
  readonly folder: string
  /** Processes for documents; one more is kept for queries. */
  readonly threads: number
  /** What the model runs on; by default the processor. */
  readonly device?: Device | undefined
  readonly log: Logger
  readonly timeouts?: Partial<Timeouts>
  /** The process for queries gives its memory back when nobody has asked it for that long; by default it is kept. */
  readonly idleMs?: number | undefined
  /** Gives up the start. */
  readonly signal?: AbortSignal
}

/** After how long a process counts as hung, and is killed and replaced. */
export interface Timeouts {
  /** From its start until the model is loaded. */
  readonly loadMs: number
  /** Without a sign of life while it owes an answer: the process for queries, for which somebody waits. */
  readonly queryMs: number
  /** The same for those for documents, which give way to everything else on the machine. */
  readonly documentMs: number
}

const TIMEOUTS: Timeouts = { loadMs: 60_000, queryMs: 10_000, documentMs: 120_000 }

let jobs = 0
const nextJob = (): number => ++jobs

/** ProcessGone is this room's own; the others know embedder_unavailable. */
const unavailable = (error: unknown): unknown =>
  error instanceof ProcessGone ? new SimilarityError('embedder_unavailable', { detail: 'The process that runs the model has died or does not answer.', cause: error }) : error

/** Asks a process, and once more its successor where it dies meanwhile. */
async function asked<Result>(process: ModelProcess, signal: AbortSignal | undefined, ask: (connection: Connection) => Promise<Result>): Promise<Result> {
  try {
    return await ask(await process.connection(signal))
  } catch (error) {
    if (!(error instanceof ProcessGone)) throw error
  }
  try {
    return await ask(await process.connection(signal))
  } catch (error) {
    throw unavailable(error)
  }
}

/** A view on a message would keep the whole message in memory, and its `buffer` would hold more than the vector. */
const ownMemory = (embedding: Float32Array): Float32Array => embedding.slice()

/** Groups of a document's embedded passages from ordinal `from` on; the next group is made while the caller works on one. */
async function* groups(connection: Connection, content: string, from: number, signal: AbortSignal): AsyncGenerator<EmbeddedPassage[]> {
  const job = nextJob()
  let ahead = connection.ask({ type: 'document', job, content, from }, 'group', signal)
  try {
    for (;;) {
      const { passages, isLast } = await ahead
      if (!isLast) {
        ahead = connection.ask({ type: 'more', job }, 'group', signal)
        // Where the caller stops here nobody waits for it any more
        ahead.catch(() => undefined)
      }
      if (passages.length > 0) yield passages.map(passage => ({ ...passage, embedding: ownMemory(passage.embedding) }))
      if (isLast) return
    }
  } finally {
    connection.end(job)
  }
}

/** Where a process dies the document goes on, on another, at the passage it had come to; once. */
async function* embedDocument(pool: DocumentPool, content: string, signal: AbortSignal): AsyncGenerator<EmbeddedPassage[]> {
  let from = 0
  let died: ProcessGone | undefined
  for (;;) {
    const slot = await pool.acquire(signal)
    try {
      for await (const group of groups(await slot.process.connection(signal), content, from, signal)) {
        from += group.length
        yield group
      }
      return
    } catch (error) {
      // That its successor may not be started yet tells less than that the first one died
      if (!(error instanceof ProcessGone) || died !== undefined) throw unavailable(died ?? error)
      died = error
    } finally {
      pool.release(slot)
    }
  }
}

/**
 * Starts the process for queries; those for documents start with the first document.
 * @throws SimilarityError embedder_unavailable where the model cannot be loaded | model_missing | model_tampered | model_refused | the signal's reason
 */
export async function openEmbedder({ model, folder, threads, device = 'cpu', log, timeouts = {}, idleMs, signal }: EmbedderOptions): Promise<Embedder> {
  const { loadMs, queryMs, documentMs } = { ...TIMEOUTS, ...timeouts }
  const queryProcess = new ModelProcess({ model, folder, device, isBackground: false, loadMs, silenceMs: queryMs, log })
  const pool = new DocumentPool(Array.from({ length: threads }, () => new ModelProcess({ model, folder, device, isBackground: true, loadMs, silenceMs: documentMs, log })))
  try {
    await queryProcess.connection(signal)
  } catch (error) {
    await queryProcess.close()
    throw unavailable(error)
  }
  const use = idleMs === undefined ? null : whenUnused(idleMs, () => void queryProcess.stop())
  const askQueryProcess = <Result>(signal: AbortSignal | undefined, ask: (connection: Connection) => Promise<Result>): Promise<Result> => {
    const work = (): Promise<Result> => asked(queryProcess, signal, ask)
    return use === null ? work() : use.during(work)
  }

  const embed = async (role: keyof EmbeddingModel['prefixes'], texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> => {
    if (texts.length === 0) return []
    const { embeddings } = await askQueryProcess(signal, connection => connection.ask({ type: 'embed', job: nextJob(), role, texts }, 'embeddings', signal))
    return embeddings.map(ownMemory)
  }

  return {
    model,
    queries: (texts, signal) => embed('query', texts, signal),
    examples: (texts, signal) => embed('passage', texts, signal),
    passages: (content, signal) => embedDocument(pool, content, signal),
    cut: async (content, signal) => {
      const { passages } = await askQueryProcess(signal, connection => connection.ask({ type: 'cut', job: nextJob(), content }, 'passages', signal))
      return [...passages]
    },
    get ready() {
      return queryProcess.ready
    },
    close: async () => {
      use?.close()
      await Promise.all([queryProcess.close(), pool.close()])
    },
  }
}
