import { isDeepStrictEqual } from 'node:util'
import { LIMITS } from '@datashare-similarity/shared'
import { z } from 'zod'

/** An index also holds named entities and duplicates. */
export const DOCUMENTS_ONLY = { term: { type: 'Document' } } as const

const RESULT_FIELDS = ['title', 'path', 'contentType', 'language', 'creationDate', 'rootDocument']

const filtered = (filter: object) => ({ bool: { filter: [DOCUMENTS_ONLY, filter] } })

/** Documents by id, at most 10,000 of them; asked of Datashare's search proxy as the caller. */
export const documentsQuery = (ids: readonly string[], { content }: { content: boolean }) => ({
  query: filtered({ ids: { values: ids } }),
  _source: content ? [...RESULT_FIELDS, 'content'] : RESULT_FIELDS,
  size: ids.length,
})

/** Ids of the documents with any of these tags, which Datashare keeps in lower case; the total tells when there are too many. */
export const tagsQuery = (tags: readonly string[]) => ({
  query: filtered({ terms: { tags: tags.map(tag => tag.toLowerCase()) } }),
  _source: false,
  size: LIMITS.tagDocuments,
  track_total_hits: LIMITS.tagDocuments + 1,
})

interface DocumentsQuery {
  readonly kind: 'documents'
  readonly ids: readonly string[]
  readonly content: boolean
}

interface TagsQuery {
  readonly kind: 'tags'
  readonly tags: readonly string[]
}

const shapeOf = <T extends z.ZodType>(filter: T) =>
  z.object({ query: z.object({ bool: z.object({ filter: z.tuple([z.unknown(), filter]) }) }), _source: z.unknown() })
const DocumentsShape = shapeOf(z.object({ ids: z.object({ values: z.array(z.string()) }) }))
const TagsShape = shapeOf(z.object({ terms: z.object({ tags: z.array(z.string()) }) }))

/** Which of the two queries above a body is; null for any other body. */
export function readCallerQuery(body: unknown): DocumentsQuery | TagsQuery | null {
  const documents = DocumentsShape.safeParse(body).data
  if (documents !== undefined) {
    const ids = documents.query.bool.filter[1].ids.values
    const content = [false, true].find(wanted => isDeepStrictEqual(body, documentsQuery(ids, { content: wanted })))
    return content === undefined ? null : { kind: 'documents', ids, content }
  }
  const tags = TagsShape.safeParse(body).data?.query.bool.filter[1].terms.tags
  return tags !== undefined && isDeepStrictEqual(body, tagsQuery(tags)) ? { kind: 'tags', tags } : null
}
