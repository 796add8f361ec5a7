import type { VectorizeMode } from '@datashare-similarity/shared'
import { weigh, type BatchOutcome } from './outcome.ts'
import { isStale, type PlannedDocument, type StoredDocument } from './plan.ts'

/** What the store already holds of a batch that a crash has cut short, and what is left to do. */
export function settleBatch(documents: readonly PlannedDocument[], stored: ReadonlyMap<string, StoredDocument>, mode: VectorizeMode): { outcome: BatchOutcome, remaining: PlannedDocument[] } {
  const isDone = (document: PlannedDocument): boolean => {
    const row = stored.get(document.id)
    return row !== undefined && !isStale(document, row) && (mode !== 'failed' || row.status !== 'failed')
  }
  const settled = documents.filter(isDone)
  const ids = (status: StoredDocument['status']): string[] => settled.filter(({ id }) => stored.get(id)?.status === status).map(({ id }) => id)
  return {
    outcome: {
      done: ids('vectorized').length,
      empty: ids('empty').length,
      gone: 0,
      passages: settled.reduce((sum, { id }) => sum + (stored.get(id)?.passages ?? 0), 0),
      weight: settled.reduce((sum, document) => sum + weigh(document), 0),
      failures: ids('failed').map(documentId => ({ documentId, code: 'document_failed' })),
    },
    remaining: documents.filter(document => !isDone(document)),
  }
}
