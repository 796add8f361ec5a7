import { readFile } from 'node:fs/promises'
import { Client } from '@elastic/elasticsearch'
import { SimilarityError } from '@datashare-similarity/shared'
import { statusOf, toSimilarityError } from './elasticsearch-errors.ts'

export interface ElasticsearchAccount {
  readonly url: string
  readonly username?: string
  readonly password?: string
  readonly apiKey?: string
  /** PEM file of the certificate authority. */
  readonly caFile?: string
}

const TIMEOUT = 30_000
const PING_TIMEOUT = 5_000

/** @throws SimilarityError configuration_wrong where the certificate authority cannot be read */
export async function clientOf({ url, username, password, apiKey, caFile }: ElasticsearchAccount): Promise<Client> {
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
export async function elasticsearchVersion(account: ElasticsearchAccount): Promise<string | null> {
  const client = await clientOf(account)
  try {
    return await pingElasticsearch(client, new AbortController().signal)
  } finally {
    await client.close()
  }
}
