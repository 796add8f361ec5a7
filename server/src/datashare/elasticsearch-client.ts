import { readFile } from 'node:fs/promises'
import { Client, type estypes } from '@elastic/elasticsearch'
import { SimilarityError } from '@datashare-similarity/shared'
import { statusOf, toSimilarityError } from './elasticsearch-errors.ts'

export interface ElasticsearchConnection {
  readonly url: string
  readonly username?: string
  readonly password?: string
  readonly apiKey?: string
  /** PEM file of the certificate authority. */
  readonly caFile?: string
}

const TIMEOUT = 30_000
const KEEP_ALIVE = '5m'
/** A view that is not closed expires by itself: whoever is stopped does not wait long for it. */
const CLOSE_VIEW_TIMEOUT = 2_000
const PING_TIMEOUT = 5_000

/** Opening asks nothing. @throws SimilarityError configuration_wrong where the certificate authority cannot be read */
export async function openClient({ url, username, password, apiKey, caFile }: ElasticsearchConnection): Promise<Client> {
  const ca = caFile === undefined ? undefined : await readCertificate(caFile)
  return new Client({
    node: url,
    requestTimeout: TIMEOUT,
    maxRetries: 2,
    redaction: { type: 'remove' },
    ...apiKey !== undefined && { auth: { apiKey } },
    ...apiKey === undefined && username !== undefined && { auth: { username, password: password ?? '' } },
    ...ca !== undefined && { tls: { ca } },
  })
}

async function readCertificate(caFile: string): Promise<Buffer> {
  try {
    return await readFile(caFile)
  } catch (cause) {
    throw new SimilarityError('configuration_wrong', { cause, detail: 'ELASTICSEARCH_CA: the file with Elasticsearch\'s certificate authority cannot be read.' })
  }
}

export interface View {
  readonly index: string
  readonly query: estypes.QueryDslQueryContainer
  readonly fields: readonly string[]
  /** Hits in a page. */
  readonly size: number
}

/** One consistent view of an index in pages; closed at the end, also when the reader stops early. Errors: those of the client. */
export async function* pagesOf(client: Client, { index, query, fields, size }: View, signal: AbortSignal): AsyncGenerator<estypes.SearchHit[]> {
  let { id } = await client.openPointInTime({ index, keep_alive: KEEP_ALIVE }, { signal })
  try {
    let after: estypes.SortResults | undefined
    for (;;) {
      const answer = await client.search({
        pit: { id, keep_alive: KEEP_ALIVE },
        query,
        sort: [{ _shard_doc: 'asc' }],
        size,
        _source: [...fields],
        track_total_hits: false,
        allow_partial_search_results: false,
        ...after !== undefined && { search_after: after },
      }, { signal })
      id = answer.pit_id ?? id
      const { hits } = answer.hits
      yield hits
      if (hits.length < size) return
      after = hits.at(-1)?.sort
    }
  } finally {
    await client.closePointInTime({ id }, { requestTimeout: CLOSE_VIEW_TIMEOUT, maxRetries: 0 }).catch(() => undefined)
  }
}

/**
 * Its version; null where it answers, but not that: an account that may only read indices is refused here and is still good for all that is asked.
 * @throws SimilarityError elasticsearch_unreachable | elasticsearch_refused | elasticsearch_too_old | the signal's reason
 */
export async function pingElasticsearch(client: Client, signal: AbortSignal): Promise<string | null> {
  try {
    return (await client.info({}, { requestTimeout: PING_TIMEOUT, maxRetries: 0, signal })).version.number
  } catch (error) {
    if (statusOf(error) === 403) return null
    throw toSimilarityError(error, signal)
  }
}

/** Asks once for the version, with a connection of its own. Errors as above, and SimilarityError configuration_wrong. */
export async function elasticsearchVersion(account: ElasticsearchConnection): Promise<string | null> {
  const client = await openClient(account)
  try {
    return await pingElasticsearch(client, new AbortController().signal)
  } finally {
    await client.close()
  }
}
