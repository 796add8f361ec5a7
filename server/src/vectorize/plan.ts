import type { VectorizeMode } from '@datashare-similarity/shared'
import type { DocumentRef } from '../datashare/source.ts'
import { createDigestMap, digestNumber } from '../digests.ts'
import type { Generation } from '../store/generation.ts'
import type { DocumentRow, VectorStore } from '../store/store.ts'

/** What a comparison needs of a stored document. */
export interface StoredDocument {
  /** A digest of its extraction date. */
  readonly extraction: number
  readonly status: DocumentRow['status']
  readonly truncated: boolean
}

/** The store's side of a comparison: some thirty bytes a document, as a project may hold millions. */
export interface StoredDocuments {
  /** Notes that it was asked for. */
  find(documentId: string): StoredDocument | undefined
  wasFound(documentId: string): boolean
  /** How many were never asked for. */
  readonly unfound: number
}

const STATUSES = ['vectorized', 'empty', 'failed'] as const

const digestOf = (extractionDate: string | null): number => (extractionDate === null ? 0 : digestNumber(extractionDate))

export const toStoredDocument = ({ extractionDate, status, truncated }: Pick<DocumentRow, 'extractionDate' | 'status' | 'truncated'>): StoredDocument =>
  ({ extraction: digestOf(extractionDate), status, truncated })

/** As one number of 52 bits; the last of them says whether it was found. */
const pack = ({ extraction, status, truncated }: StoredDocument): number => ((extraction * 4 + STATUSES.indexOf(status)) * 2 + Number(truncated)) * 2

const unpack = (packed: number): StoredDocument => ({
  extraction: Math.floor(packed / 16), status: STATUSES[Math.floor(packed / 4) % 4] ?? 'failed', truncated: Math.floor(packed / 2) % 2 === 1,
})

const isFound = (packed: number): boolean => packed % 2 === 1

export async function storedDocuments(store: Pick<VectorStore, 'rows'>, generation: Generation, signal?: AbortSignal): Promise<StoredDocuments> {
  const stored = createDigestMap()
  for await (const page of store.rows(generation)) {
    signal?.throwIfAborted()
    for (const row of page) stored.set(row.documentId, pack(toStoredDocument(row)))
  }
  let found = 0
  return {
    find(documentId) {
      const packed = stored.get(documentId)
      if (packed === undefined) return undefined
      if (!isFound(packed)) {
        stored.set(documentId, packed + 1)
        found++
      }
      return unpack(packed)
    },
    wasFound: documentId => isFound(stored.get(documentId) ?? 0),
    get unfound() {
      return stored.size - found
    },
  }
}

export const isStale = (ref: DocumentRef, stored: StoredDocument): boolean => stored.extraction !== digestOf(ref.extractionDate)

/** A document that failed is tried again when asked for, or when it was extracted anew. */
export function isDue(ref: DocumentRef, stored: StoredDocument | undefined, mode: VectorizeMode): boolean {
  if (mode === 'failed') return stored?.status === 'failed'
  return stored === undefined || isStale(ref, stored)
}
