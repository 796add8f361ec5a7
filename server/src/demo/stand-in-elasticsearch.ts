import { z } from 'zod'
import { DOCUMENTS_ONLY } from '../datashare/queries.ts'
import type { Hit, StandInDocuments } from './stand-in-documents.ts'

const HitSchema = z.object({
  _index: z.string(),
  _id: z.string(),
  _score: z.number().nullish(),
  _routing: z.string().optional(),
  _source: z.record(z.string(), z.unknown()),
  highlight: z.object({ content: z.array(z.string()) }).optional(),
})
const AnswerSchema = z.object({ hits: z.object({ total: z.object({ value: z.number() }), hits: z.array(HitSchema) }) })
const JoinsSchema = z.record(z.string(), z.object({ mappings: z.record(z.string(), z.unknown()) }))

const toHit = ({ _index, _id, _score, _routing, _source, highlight }: z.infer<typeof HitSchema>): Hit =>
  ({ _index, _id, _score: _score ?? 0, _routing: _routing ?? _id, _source, ...highlight !== undefined && { snippet: highlight.content.join(' … ') } })

async function json(response: Response): Promise<unknown> {
  if (response.ok) return response.json()
  await response.body?.cancel()
  throw new Error(`Elasticsearch answered with status ${response.status}`)
}

/** Forwards to a real Elasticsearch. */
export function elasticsearchBehindStandIn(url: string): StandInDocuments {
  const search = async (indices: string, query: unknown): Promise<unknown> =>
    json(await fetch(`${url}/${indices}/_search`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(query) }))

  const hits = async (indices: string, query: object) => AnswerSchema.parse(await search(indices, query)).hits

  // Datashare's own indices, and no others, have the field that joins documents with their entities.
  async function datashareIndices(): Promise<string[]> {
    const indices = JoinsSchema.parse(await json(await fetch(`${url}/*/_mapping/field/join`)))
    return Object.entries(indices).filter(([, { mappings }]) => 'join' in mappings).map(([name]) => name)
  }

  // Datashare has its projects in a database: it lists them also while Elasticsearch is down.
  let known: string[] = []

  return {
    search,
    async projects() {
      known = await datashareIndices().catch(() => known)
      return known.map(name => ({ name, label: name, description: null }))
    },
    async document(project, id) {
      const [hit] = (await hits(project, { query: { bool: { filter: [DOCUMENTS_ONLY, { ids: { values: [id] } }] } }, size: 1 })).hits
      return hit === undefined ? null : toHit(hit)
    },
    async list({ projects, words, from, size }) {
      const matching = words.trim() === ''
        ? { match_all: {} }
        : { simple_query_string: { query: words, fields: ['content', 'path.parts'], default_operator: 'and' } }
      const found = await hits(projects.join(','), {
        query: { bool: { must: [matching], filter: [DOCUMENTS_ONLY] } },
        _source: { excludes: ['content', 'content_translated'] },
        highlight: { fields: { content: { number_of_fragments: 1, fragment_size: 160, pre_tags: [''], post_tags: [''] } } },
        track_total_hits: true, from, size,
      })
      return { items: found.hits.map(toHit), total: found.total.value }
    },
    async setTags(project, id, tags) {
      const routing = (await this.document(project, id))?._routing ?? id
      const address = `${url}/${project}/_update/${encodeURIComponent(id)}?refresh=true&routing=${encodeURIComponent(routing)}`
      await json(await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ doc: { tags } }) }))
    },
  }
}
