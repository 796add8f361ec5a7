import type { VectorizeMode } from '@datashare-similarity/shared'
import type { DocumentRef, DocumentSource } from '../datashare/source.ts'
import type { Generation } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import { weigh } from './outcome.ts'
import { isDue, storedDocuments, type StoredDocuments } from './plan.ts'

export const DEFAULT_BATCH_SIZE = 64
/** Keeps a batch of books as short as a batch of e-mails. */
const BATCH_CHARACTERS = 4_000_000
const REMOVAL_SIZE = 1_000

export interface CreateVectorizationTasks {
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly generation: Generation
  readonly mode: VectorizeMode
  /** Documents per vectorize_docs task. */
  readonly batchSize: number
  readonly signal: AbortSignal
  /** Makes a vectorize_docs task. */
  readonly spawn: (batch: readonly DocumentRef[]) => void | Promise<void>
  readonly onScanned: (documents: number) => void
}

/**
 * Compares the project with a generation, removes from it what Datashare no longer has,
 * and makes a vectorize_docs task per batch of what has to be vectorized.
 * @returns how many tasks were made, and how many documents removed
 */
export async function createVectorizationTasks({ source, store, generation, mode, batchSize, signal, spawn, onScanned }: CreateVectorizationTasks): Promise<{ tasks: number, removed: number }> {
  const stored = await storedDocuments(store, generation, signal)
  let tasks = 0
  let batch: DocumentRef[] = []
  let characters = 0
  const close = async (): Promise<void> => {
    if (batch.length === 0) return
    await spawn(batch)
    tasks++
    batch = []
    characters = 0
  }

  for await (const page of source.scan(generation.project, signal)) {
    signal.throwIfAborted()
    for (const ref of page) {
      if (!isDue(ref, stored.find(ref.id), mode)) continue
      if (batch.length >= batchSize || characters + weigh(ref) > BATCH_CHARACTERS) await close()
      batch.push(ref)
      characters += weigh(ref)
    }
    onScanned(page.length)
  }
  await close()
  return { tasks, removed: await removeUnfound(store, generation, stored, signal) }
}

/** Their ids were not kept: where there are such documents, the rows are read once more. */
async function removeUnfound(store: VectorStore, generation: Generation, stored: StoredDocuments, signal: AbortSignal): Promise<number> {
  if (stored.unfound === 0) return 0
  let removed = 0
  let gone: string[] = []
  const remove = async (): Promise<void> => {
    signal.throwIfAborted()
    await store.remove(generation, gone)
    removed += gone.length
    gone = []
  }
  for await (const page of store.rows(generation)) {
    gone.push(...page.map(({ documentId }) => documentId).filter(id => !stored.wasFound(id)))
    if (gone.length >= REMOVAL_SIZE) await remove()
  }
  await remove()
  return removed
}
