import type { ProjectName } from './access.ts'

/** What a scan knows of a document: enough to decide whether it has to be vectorized. */
export interface DocumentRef {
  readonly id: string
  /** Routing in Elasticsearch: the root document's id. */
  readonly rootId: string
  /** ISO 8601; the only trace of a new extraction. */
  readonly extractionDate: string | null
  /** Characters of content as Datashare counted them; 0 where unknown. */
  readonly characters: number
}

export interface SourceDocument extends DocumentRef {
  readonly parentId: string | null
  readonly title: string
  readonly path: string
  readonly dirname: string
  readonly contentType: string
  /** As Datashare writes it: ENGLISH, FRENCH … UNKNOWN. */
  readonly language: string
  readonly creationDate: string | null
  /** The original content; at most LIMITS.documentCharacters UTF-16 units. */
  readonly content: string
  readonly truncated: boolean
}

/**
 * Where documents come from: Datashare's Elasticsearch index, or the demo's folder.
 * For tasks only: nothing that a caller sees is read through it.
 * Errors: SimilarityError elasticsearch_unreachable | elasticsearch_refused | index_missing.
 */
export interface DocumentSource {
  /** All documents of a project in pages, in a stable order, from one consistent view. */
  scan(project: ProjectName, signal: AbortSignal): AsyncIterable<DocumentRef[]>
  /** Contents by id, in bounded memory whatever their size. A document that is gone since the scan is left out. */
  fetch(project: ProjectName, refs: readonly DocumentRef[], signal: AbortSignal): AsyncIterable<SourceDocument>
  /** Documents of the project now, and the characters of their contents. */
  count(project: ProjectName, signal?: AbortSignal): Promise<{ documents: number, characters: number }>
  ping(): Promise<void>
  close(): Promise<void>
}
