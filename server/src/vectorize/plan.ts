import type { VectorizeMode } from '@datashare-similarity/shared'
import type { DocumentRef } from '../datashare/source.ts'
import type { Generation } from '../store/generation.ts'
import type { DocumentRow, VectorStore } from '../store/store.ts'

/** What a comparison needs of a stored document. */
export type StoredDocument = Pick<DocumentRow, 'extractionDate' | 'contentHash' | 'status' | 'passages' | 'truncated'>

/** A document to vectorize. With a stored hash: the same content needs no new passages, only the newer date. */
export interface PlannedDocument extends DocumentRef {
  readonly storedHash: string | null
}

/** The store's side of a comparison, by document id. */
export async function storedDocuments(store: VectorStore, generation: Generation, signal?: AbortSignal): Promise<Map<string, StoredDocument>> {
  const stored = new Map<string, StoredDocument>()
  for await (const page of store.rows(generation)) {
    signal?.throwIfAborted()
    for (const { documentId, extractionDate, contentHash, status, passages, truncated } of page) {
      stored.set(documentId, { extractionDate, contentHash, status, passages, truncated })
    }
  }
  return stored
}

export const isStale = (ref: DocumentRef, stored: StoredDocument): boolean => stored.extractionDate !== ref.extractionDate

/** Null where nothing is to be done. A document that failed is tried again when asked for, or when it was extracted anew. */
export function planDocument(ref: DocumentRef, stored: StoredDocument | undefined, mode: VectorizeMode): PlannedDocument | null {
  if (mode === 'failed') return stored?.status === 'failed' ? { ...ref, storedHash: null } : null
  if (stored === undefined) return { ...ref, storedHash: null }
  if (!isStale(ref, stored)) return null
  return { ...ref, storedHash: stored.status === 'failed' ? null : stored.contentHash }
}
