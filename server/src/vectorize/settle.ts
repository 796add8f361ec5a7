import type { VectorizeMode } from '@datashare-similarity/shared'
import type { DocumentRef } from '../datashare/source.ts'
import type { Generation } from '../store/generation.ts'
import type { DocumentRow, VectorStore } from '../store/store.ts'
import { weigh, type BatchOutcome } from './outcome.ts'

/** A document to vectorize. With a stored hash: the same content needs no new passages, only the newer date. */
export interface PlannedDocument extends DocumentRef {
  readonly storedHash: string | null
}

export interface SettledBatch {
  /** Of what was done before a crash. */
  readonly outcome: BatchOutcome
  readonly remaining: readonly PlannedDocument[]
}

/** What the store already holds of a batch, and what is left to do. */
export async function settleBatch(store: Pick<VectorStore, 'rows'>, generation: Generation, documents: readonly DocumentRef[], mode: VectorizeMode): Promise<SettledBatch> {
  const pages = await Array.fromAsync(store.rows(generation, documents.map(({ id }) => id)))
  const rows = new Map(pages.flat().map(row => [row.documentId, row]))
  const settled: DocumentRow[] = []
  const remaining: PlannedDocument[] = []
  let weight = 0
  for (const document of documents) {
    const row = rows.get(document.id)
    if (row !== undefined && row.extractionDate === document.extractionDate && (mode !== 'failed' || row.status !== 'failed')) {
      settled.push(row)
      weight += weigh(document)
    } else {
      remaining.push({ ...document, storedHash: row === undefined || row.status === 'failed' ? null : row.contentHash })
    }
  }
  const ofStatus = (status: DocumentRow['status']): DocumentRow[] => settled.filter(row => row.status === status)
  return {
    outcome: {
      done: ofStatus('vectorized').length,
      empty: ofStatus('empty').length,
      gone: 0,
      passages: settled.reduce((sum, { passages }) => sum + passages, 0),
      weight,
      failures: ofStatus('failed').map(({ documentId }) => ({ documentId, code: 'document_failed' })),
    },
    remaining,
  }
}
