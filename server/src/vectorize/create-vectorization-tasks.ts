import type { VectorizeMode } from '@datashare-similarity/shared'
import type { DocumentSource } from '../datashare/source.ts'
import type { Generation } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import { weigh } from './outcome.ts'
import { planDocument, storedDocuments, type PlannedDocument } from './plan.ts'

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
  /** Makes a vectorize_docs task and returns its id. */
  readonly spawn: (batch: readonly PlannedDocument[]) => string
  readonly onScanned: (documents: number) => void
}

/**
 * Compares the project with a generation, removes from it what Datashare no longer has,
 * and makes a vectorize_docs task per batch of what has to be vectorized.
 * @returns the ids of the vectorize_docs tasks, and how many documents were removed
 */
export async function createVectorizationTasks({ source, store, generation, mode, batchSize, signal, spawn, onScanned }: CreateVectorizationTasks): Promise<{ taskIds: string[], removed: number }> {
  const stored = await storedDocuments(store, generation, signal)
  const gone = new Set(stored.keys())
  const taskIds: string[] = []
  let batch: PlannedDocument[] = []
  let characters = 0
  const close = (): void => {
    if (batch.length > 0) taskIds.push(spawn(batch))
    batch = []
    characters = 0
  }

  for await (const page of source.scan(generation.project, signal)) {
    signal.throwIfAborted()
    for (const ref of page) {
      gone.delete(ref.id)
      const planned = planDocument(ref, stored.get(ref.id), mode)
      if (planned === null) continue
      if (batch.length >= batchSize || characters + weigh(planned) > BATCH_CHARACTERS) close()
      batch.push(planned)
      characters += weigh(planned)
    }
    onScanned(page.length)
  }
  close()
  await removeAll(store, generation, [...gone], signal)
  return { taskIds, removed: gone.size }
}

async function removeAll(store: VectorStore, generation: Generation, documentIds: readonly string[], signal: AbortSignal): Promise<void> {
  for (let from = 0; from < documentIds.length; from += REMOVAL_SIZE) {
    signal.throwIfAborted()
    await store.remove(generation, documentIds.slice(from, from + REMOVAL_SIZE))
  }
}
