import { errors } from '@elastic/elasticsearch'
import { ERRORS, SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'

/** What an answer says of a fault, and what a bulk says of one of its lines. */
const FaultSchema = z.object({ type: z.string().optional(), reason: z.string().nullish(), status: z.number().optional() })
const BodySchema = z.object({ error: FaultSchema })

const faultOf = (error: unknown): z.infer<typeof FaultSchema> =>
  (error instanceof errors.ResponseError ? BodySchema.safeParse(error.body).data?.error : FaultSchema.safeParse(error).data) ?? {}

export const statusOf = (error: unknown): number | undefined => (error instanceof errors.ResponseError ? error.statusCode : faultOf(error).status)

/** Elasticsearch's own name of the fault: `index_not_found_exception` and the like. */
export const typeOf = (error: unknown): string | undefined => faultOf(error).type

/** For looking at only: it may repeat what was sent. */
export const reasonOf = (error: unknown): string => faultOf(error).reason ?? ''

/** A point in time that Elasticsearch no longer has: expired, or lost with a restart. */
export function isExpired(error: unknown): boolean {
  if (statusOf(error) !== 404) return false
  return typeOf(error) !== 'index_not_found_exception'
}

function describe(error: unknown): string {
  const status = statusOf(error)
  const type = typeOf(error)
  if (status !== undefined) return `Elasticsearch answered with status ${status}${type === undefined ? '' : ` (${type})`}.`
  return `Elasticsearch failed: ${type ?? (error instanceof Error ? error.name : 'unknown fault')}.`
}

/**
 * What a fault of Elasticsearch means to a task. Never with a cause: the client's errors carry requests and answers, and so text of documents.
 * Returns the signal's own reason where it is aborted.
 */
export function toSimilarityError(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason
  if (error instanceof SimilarityError) return error
  const status = statusOf(error)
  const detail = describe(error)
  if (typeOf(error) === 'index_not_found_exception') return new SimilarityError('index_missing')
  // A server before version 8 does not know the form of what a client of version 8 sends.
  if (status === 400 && typeOf(error) === 'media_type_header_exception') return new SimilarityError('elasticsearch_too_old', { detail })
  if (status === 401 || status === 403 || error instanceof errors.ProductNotSupportedError) return explained('elasticsearch_refused', detail)
  if (status !== undefined && status !== 404 && status !== 429 && status < 500) return new SimilarityError('internal', { detail })
  return explained('elasticsearch_unreachable', detail)
}

/** A reader of the page is told what it means before what it was. */
const explained = (code: 'elasticsearch_refused' | 'elasticsearch_unreachable', detail: string): SimilarityError =>
  new SimilarityError(code, { detail: `${ERRORS[code].why} ${detail}` })
