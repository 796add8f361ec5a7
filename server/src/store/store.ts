import type { GrantedProject } from '../datashare/access.ts'
import type { Fingerprint } from '../passages/fingerprint.ts'
import type { Generation } from './generation.ts'

/** Cosines that differ by less are equal: an index and an exact scan round differently, and a store may keep vectors in half precision. */
export const EQUAL_COSINES = 1e-4

/** Passages that are gathered for a write, at most: bounds memory, and what a crash costs. */
export const WRITE_PASSAGES = 500

/** A document's row: written last, it marks the document as done. */
export interface DocumentRow {
  readonly documentId: string
  readonly rootId: string
  readonly extractionDate: string | null
  /** SHA-256 of the content. */
  readonly contentHash: string
  readonly status: 'vectorized' | 'empty' | 'failed'
  /** An error code, where failed. */
  readonly reason: string | null
  readonly passages: number
  readonly truncated: boolean
  readonly language: string
  readonly vectorizedAt: string
}

export interface StoredPassage {
  readonly ordinal: number
  readonly start: number
  readonly end: number
  readonly text: string
  readonly embedding: Float32Array
}

/** What a document's vectorization writes. `stems` feeds the list of words over whole documents, `content` the search for phrases. */
export interface DocumentWrite {
  readonly row: DocumentRow
  readonly title: string
  readonly path: string
  readonly dirname: string
  readonly contentType: string
  readonly creationDate: string | null
  readonly content: string
  /** The stems of the content's words in their order, a blank between them. */
  readonly stems: string
  /** Of the content, null where it is too short for one. */
  readonly fingerprint: Fingerprint | null
  readonly passages: readonly StoredPassage[]
}

/** What tells whether a text is a copy of another one. */
export interface TextIdentity {
  /** SHA-256 of the content. */
  readonly contentHash: string
  /** Null where the text is too short for one, or was stored when there were none. */
  readonly fingerprint: Fingerprint | null
}

export interface DocumentIdentity extends TextIdentity {
  readonly documentId: string
}

/** Stored fields filter before ranking. */
export interface StoreFilter {
  readonly contentType?: readonly string[]
  readonly language?: readonly string[]
  /** A folder: dirname equal to it or below it. */
  readonly path?: string
  /** Inclusive ISO dates or date-times. */
  readonly creationDate?: { readonly from?: string, readonly to?: string }
  /** Only these documents. */
  readonly documentIds?: readonly string[]
  readonly excludeDocumentIds?: readonly string[]
  /** Families left out. */
  readonly excludeRootIds?: readonly string[]
}

export interface PassageCandidate {
  readonly documentId: string
  readonly rootId: string
  readonly language: string
  readonly ordinal: number
  readonly start: number
  readonly end: number
  readonly text: string
  /** Cosine similarity for meaning, BM25 for words. Comparable within one list only. */
  readonly score: number
}

export interface SampledPassage {
  readonly documentId: string
  readonly text: string
  readonly embedding: Float32Array
}

export interface DocumentCandidate {
  readonly documentId: string
  readonly rootId: string
  readonly language: string
  readonly score: number
}

/** A query for words: `terms` score by BM25, adjacent pairs of `phrases` score higher, `required` phrases must each stand in the document. */
export interface WordsQuery {
  /** Plain text; whatever it holds is words, never syntax. */
  readonly terms: string
  readonly phrases: readonly string[]
}

export interface ListOptions {
  readonly limit: number
  readonly filter: StoreFilter
}

export interface MeaningOptions extends ListOptions {
  /** Compares with every passage, beside the vector index. */
  readonly exact?: boolean
}

export interface StoreStatistics {
  readonly documents: { readonly vectorized: number, readonly empty: number, readonly failed: number, readonly truncated: number }
  readonly passages: number
  readonly bytes: number
  readonly languages: Readonly<Record<string, number>>
}

/**
 * Holds passages, their vectors, and documents, a pair of tables per generation.
 * One writer per generation at a time: the implementation serialises writes and maintenance itself.
 * Reading for people takes a GrantedProject of the generation's own project, else it throws.
 * Errors: SimilarityError disk_full | store_unreadable, in Elasticsearch elasticsearch_unreachable | elasticsearch_refused | vectors_missing | index_not_ours;
 * generation_changed for one that was dropped.
 */
export interface VectorStore {
  readonly kind: 'lancedb' | 'elasticsearch'
  /** Makes the tables of a generation; idempotent. */
  create(generation: Generation): Promise<void>
  /** False where its tables were laid out by another version of the companion: they can be neither read nor written. */
  fits(generation: Generation): Promise<boolean>
  /** Replaces these documents: their new passages in one commit, then without the old ones, then their rows. Idempotent; checks length and finiteness of each vector. */
  replace(generation: Generation, documents: readonly DocumentWrite[]): Promise<void>
  /** Notes a newer extraction date where the content is the same. */
  touch(generation: Generation, rows: readonly { documentId: string, extractionDate: string | null }[]): Promise<void>
  remove(generation: Generation, documentIds: readonly string[]): Promise<void>
  /** All document rows in pages, or those of these documents. */
  rows(generation: Generation, documentIds?: readonly string[]): AsyncIterable<DocumentRow[]>
  /** Builds or refreshes the text, scalar and vector indices, compacts, removes old versions. */
  maintain(generation: Generation, signal?: AbortSignal): Promise<void>
  /** Up to `size` passages, evenly spread over the table: the same table gives the same ones. */
  samplePassages(generation: Generation, size: number): Promise<SampledPassage[]>
  statistics(generation: Generation): Promise<StoreStatistics>
  drop(generation: Generation): Promise<void>

  /** For each vector the best passages by meaning, best first, `limit` of each: many together cost hardly more than one. */
  meaning(project: GrantedProject, generation: Generation, embeddings: readonly Float32Array[], options: MeaningOptions): Promise<PassageCandidate[][]>
  /** Best passages by words, best first. */
  words(project: GrantedProject, generation: Generation, query: WordsQuery, options: ListOptions): Promise<PassageCandidate[]>
  /** Best whole documents by any of these stems, best first. */
  documentWords(project: GrantedProject, generation: Generation, stems: readonly string[], options: ListOptions): Promise<DocumentCandidate[]>
  /** Documents that hold every one of these phrases; accents and case folded. */
  withPhrases(project: GrantedProject, generation: Generation, phrases: readonly string[], options: ListOptions): Promise<string[]>
  /** A document's stored passages in order, empty where it is not vectorized. */
  passagesOf(project: GrantedProject, generation: Generation, documentId: string): Promise<StoredPassage[]>
  row(project: GrantedProject, generation: Generation, documentId: string): Promise<DocumentRow | null>
  /** Rows of one status, a page at a time, with their total. */
  rowsByStatus(project: GrantedProject, generation: Generation, status: DocumentRow['status'], page: { from: number, size: number }): Promise<{ rows: DocumentRow[], total: number }>
  /** Of those documents that are vectorized, in no order. */
  identitiesOf(project: GrantedProject, generation: Generation, documentIds: readonly string[]): Promise<DocumentIdentity[]>
  /** For each text up to `limit` documents that may be copies of it: with the same content, or a band of the fingerprint in common. */
  likelyCopiesOf(project: GrantedProject, generation: Generation, texts: readonly TextIdentity[], limit: number): Promise<DocumentIdentity[][]>

  ping(): Promise<void>
  close(): Promise<void>
}
