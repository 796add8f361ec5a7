import type { GrantedProject } from './access.ts'

/** What Datashare shows this caller of a document, as a result needs it. */
export interface HydratedDocument {
  readonly id: string
  readonly rootId: string
  readonly title: string
  readonly path: string
  readonly contentType: string
  readonly language: string
  readonly creationDate: string | null
}

/**
 * Reads through Datashare's search proxy as the caller: what does not come back is not shown.
 * Errors: SimilarityError anonymous | project_forbidden | datashare_unreachable.
 */
export interface Hydrator {
  documents(project: GrantedProject, ids: readonly string[], signal?: AbortSignal): Promise<Map<string, HydratedDocument>>
  /** One document with its content, for an example that is not vectorized yet. Null where the caller cannot see it. */
  content(project: GrantedProject, id: string, signal?: AbortSignal): Promise<(HydratedDocument & { content: string }) | null>
  /** Ids of the documents with any of these tags. @throws SimilarityError filter_too_broad beyond LIMITS.tagDocuments */
  withTags(project: GrantedProject, tags: readonly string[], signal?: AbortSignal): Promise<string[]>
}
