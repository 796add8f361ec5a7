import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'
import { createDigestMap } from '../digests.ts'
import type { Logger } from '../log.ts'
import type { ProjectName } from './access.ts'
import { DocumentFieldsSchema, refOf, sourceDocumentOf } from './document-fields.ts'
import { openClient, pagesOf, pingElasticsearch, type ElasticsearchConnection } from './elasticsearch-client.ts'
import { isExpired, toSimilarityError } from './elasticsearch-errors.ts'
import { groupBySize } from './fetch-groups.ts'
import { DOCUMENTS_ONLY } from './queries.ts'
import type { DocumentRef, DocumentSource, SourceDocument } from './source.ts'

export interface ElasticsearchDocumentsOptions extends ElasticsearchConnection {
  readonly log: Logger
}

const PAGE = 1_000
const REF_FIELDS = ['extractionDate', 'rootDocument', 'contentTextLength']
const CONTENT_FIELDS = [...REF_FIELDS, 'title', 'path', 'dirname', 'contentType', 'language', 'creationDate', 'parentDocument', 'content']

const SumSchema = z.object({ characters: z.object({ value: z.number() }) })
const FoundSchema = z.object({ found: z.literal(true), _id: z.string(), _source: DocumentFieldsSchema })
const FailedSchema = z.object({ error: z.object({ type: z.string() }) })

/** Reads Datashare's own index, with the companion's own rights: for tasks only. Opening asks nothing; `ping` does. Closing breaks off what is being asked. */
export async function openElasticsearchDocuments(options: ElasticsearchDocumentsOptions): Promise<DocumentSource> {
  const client = await openClient(options)
  const { log } = options
  const closing = new AbortController()
  const untilClosed = (asked?: AbortSignal): AbortSignal => AbortSignal.any(asked === undefined ? [closing.signal] : [asked, closing.signal])

  async function* scan(project: ProjectName, asked: AbortSignal): AsyncGenerator<DocumentRef[]> {
    const signal = untilClosed(asked)
    const given = createDigestMap()
    for (let complete = false; !complete;) {
      const before = given.size
      try {
        for await (const page of pagesOf(client, { index: project, query: { bool: { filter: [DOCUMENTS_ONLY] } }, fields: REF_FIELDS, size: PAGE }, signal)) {
          const refs = page.flatMap(({ _id, _source }) => (_id === undefined ? [] : [refOf(_id, DocumentFieldsSchema.parse(_source ?? {}))]))
          const fresh = refs.filter(({ id }) => given.get(id) === undefined)
          fresh.forEach(({ id }) => given.set(id, 0))
          if (fresh.length > 0) yield fresh
        }
        complete = true
      } catch (error) {
        // A view that is lost is begun anew without what was given; one that never gets further is a fault.
        if (!isExpired(error) || given.size === before) throw toSimilarityError(error, signal)
        log.info({ project, given: given.size }, 'The view of the index expired; the scan goes on with a new one')
      }
    }
  }

  async function contentsOf(project: ProjectName, refs: readonly DocumentRef[], signal: AbortSignal): Promise<SourceDocument[]> {
    const { docs } = await client.mget({
      index: project, _source_includes: CONTENT_FIELDS, docs: refs.map(({ id, rootId }) => ({ _id: id, routing: rootId })),
    }, { signal })
    return docs.flatMap((doc) => {
      const failed = FailedSchema.safeParse(doc).data
      if (failed !== undefined) throw toSimilarityError(failed.error, signal)
      const found = FoundSchema.safeParse(doc).data
      return found === undefined ? [] : [sourceDocumentOf(found._id, found._source)]
    })
  }

  async function* fetchContents(project: ProjectName, refs: readonly DocumentRef[], asked: AbortSignal): AsyncGenerator<SourceDocument> {
    const signal = untilClosed(asked)
    for (const group of groupBySize(refs)) {
      signal.throwIfAborted()
      yield* await contentsOf(project, group, signal).catch((error: unknown) => { throw toSimilarityError(error, signal) })
    }
  }

  return {
    scan,
    fetch: fetchContents,
    async count(project, asked) {
      const signal = untilClosed(asked)
      try {
        // Somebody waits for this answer, and can ask again.
        const { hits, aggregations } = await client.search({
          index: project, size: 0, track_total_hits: true, query: { bool: { filter: [DOCUMENTS_ONLY] } },
          aggs: { characters: { sum: { field: 'contentTextLength' } } },
        }, { maxRetries: 0, signal })
        const documents = typeof hits.total === 'number' ? hits.total : hits.total?.value ?? 0
        return { documents, characters: SumSchema.parse(aggregations).characters.value }
      } catch (error) {
        throw toSimilarityError(error, signal)
      }
    },
    async ping() {
      await pingElasticsearch(client, untilClosed())
    },
    close: () => {
      closing.abort(new SimilarityError('shutting_down'))
      return client.close()
    },
  }
}
