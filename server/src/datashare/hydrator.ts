import { LIMITS, SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'
import type { Logger } from '../log.ts'
import type { GrantedProject } from './access.ts'
import { askDatashare, unexpectedAnswer } from './datashare-client.ts'
import { cutContent, DocumentFieldsSchema, hydratedOf } from './document-fields.ts'
import type { Hydrator } from './hydrate.ts'
import { documentsQuery, tagsQuery } from './queries.ts'

export interface HydratorOptions {
  /** Address of Datashare. */
  readonly url: string
  readonly log: Logger
}

const TIMEOUT = 15_000

const HitSchema = z.object({ _id: z.string(), _index: z.string(), _source: DocumentFieldsSchema.optional() })
const AnswerSchema = z.object({
  hits: z.object({ total: z.object({ value: z.number() }), hits: z.array(HitSchema) }),
})
type Hits = z.infer<typeof AnswerSchema>['hits']

/** Reads documents through Datashare's search proxy with the caller's own headers. */
export function createHydrator({ url, log }: HydratorOptions): Hydrator {
  async function search(project: GrantedProject, query: object, signal: AbortSignal | undefined): Promise<Hits> {
    const { caller, name } = project
    const { status, body } = await askDatashare(url, {
      path: `/api/index/search/${name}/_search`, credentials: caller.credentials, json: query, timeoutMilliseconds: TIMEOUT, signal,
    })
    if (status === 401 || status === 403) {
      caller.forget()
      throw new SimilarityError('project_forbidden')
    }
    const hits = AnswerSchema.safeParse(body).data?.hits
    if (hits === undefined) {
      log.warn({ project: name, status }, 'Datashare gave an unexpected answer to a search')
      throw unexpectedAnswer(status)
    }
    return { total: hits.total, hits: ownHits(hits, name) }
  }

  function ownHits({ hits }: Hits, project: string): Hits['hits'] {
    const own = hits.filter(({ _index }) => _index === project)
    if (own.length < hits.length) log.warn({ project, dropped: hits.length - own.length }, 'Datashare answered with documents of another index')
    return own
  }

  return {
    async documents(project, ids, signal) {
      if (ids.length === 0) return new Map()
      const { hits } = await search(project, documentsQuery(ids, { content: false }), signal)
      return new Map(hits.flatMap(({ _id, _source }) => (_source === undefined ? [] : [[_id, hydratedOf(_id, _source)]])))
    },
    async content(project, id, signal) {
      const { hits: [hit] } = await search(project, documentsQuery([id], { content: true }), signal)
      if (hit?._source === undefined) return null
      return { ...hydratedOf(hit._id, hit._source), content: cutContent(hit._source.content ?? '').content }
    },
    async withTags(project, tags, signal) {
      if (tags.length === 0) return []
      const { total, hits } = await search(project, tagsQuery(tags), signal)
      if (total.value > LIMITS.tagDocuments) throw new SimilarityError('filter_too_broad')
      return hits.map(({ _id }) => _id)
    },
  }
}
