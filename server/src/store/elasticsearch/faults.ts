import { errors } from '@elastic/elasticsearch'
import { SimilarityError } from '@datashare-similarity/shared'
import { reasonOf, toSimilarityError, typeOf } from '../../datashare/elasticsearch-errors.ts'

/** What Elasticsearch says of one line of a bulk, in the form in which it says it of a request. */
export class LineRefused extends Error {
  override readonly name = 'LineRefused'
  readonly type: string
  readonly reason: string
  readonly status: number

  constructor(type: string, reason: string, status: number) {
    super(type)
    this.type = type
    this.reason = reason
    this.status = status
  }
}

const NO_SPACE = /flood-stage|read-only|no space left|create_index/i

/**
 * What a fault of Elasticsearch means to the vector store. Its own messages repeat queries and texts, which may neither be logged nor sent.
 * Returns the signal's own reason where it is aborted.
 */
export function toStoreError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof SimilarityError) return error
  if (!(error instanceof errors.ElasticsearchClientError || error instanceof LineRefused)) return new SimilarityError('internal', { detail: `the vector store failed: ${error instanceof Error ? error.name : 'unknown fault'}` })
  if (NO_SPACE.test(reasonOf(error))) return new SimilarityError('disk_full', { detail: 'Elasticsearch takes no more writes: its disk has no room left, or the index was made read-only.' })
  if (typeOf(error) === 'index_not_found_exception') return new SimilarityError('vectors_missing')
  return toSimilarityError(error, signal)
}
