import { posix } from 'node:path'
import { LIMITS } from '@datashare-similarity/shared'
import { z } from 'zod'
import type { HydratedDocument } from './hydrate.ts'
import type { DocumentRef, SourceDocument } from './source.ts'

const text = z.string().nullish().catch(null)

/** The `_source` of a document as Datashare writes it. A field that is missing or of another type counts as null, so that one odd document stops nothing. */
export const DocumentFieldsSchema = z.object({
  title: text, path: text, dirname: text, contentType: text, language: text, creationDate: text, extractionDate: text,
  rootDocument: text, parentDocument: text, content: text,
  contentTextLength: z.number().nullish().catch(null),
})
export type DocumentFields = z.infer<typeof DocumentFieldsSchema>

/** At most LIMITS.documentCharacters UTF-16 units, never half of a surrogate pair. */
export function cutContent(content: string, limit: number = LIMITS.documentCharacters): { content: string, truncated: boolean } {
  if (content.length <= limit) return { content, truncated: false }
  const last = content.charCodeAt(limit - 1)
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit
  return { content: content.slice(0, end), truncated: true }
}

export function hydratedOf(id: string, fields: DocumentFields): HydratedDocument {
  const path = fields.path ?? ''
  return {
    id,
    rootId: fields.rootDocument ?? id,
    title: fields.title ?? posix.basename(path),
    path,
    contentType: fields.contentType ?? '',
    language: fields.language ?? 'UNKNOWN',
    creationDate: fields.creationDate ?? null,
  }
}

export const refOf = (id: string, fields: DocumentFields): DocumentRef => ({
  id,
  rootId: fields.rootDocument ?? id,
  extractionDate: fields.extractionDate ?? null,
  characters: fields.contentTextLength ?? 0,
})

export function sourceDocumentOf(id: string, fields: DocumentFields): SourceDocument {
  const cut = cutContent(fields.content ?? '')
  const shown = hydratedOf(id, fields)
  return {
    ...shown,
    ...cut,
    extractionDate: fields.extractionDate ?? null,
    characters: fields.contentTextLength ?? cut.content.length,
    parentId: fields.parentDocument ?? null,
    dirname: fields.dirname ?? posix.dirname(shown.path),
  }
}
