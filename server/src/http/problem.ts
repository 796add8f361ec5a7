import { SimilarityError, type Problem } from '@datashare-similarity/shared'
import { ZodError } from 'zod'

/** What body parsing and routing of Express throw: an error with a status. */
interface HttpError { status: number, type?: string }

const hasStatus = (error: unknown): error is HttpError =>
  typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'

/** The one funnel from whatever was thrown to an error of the catalogue. */
export function toSimilarityError(error: unknown): SimilarityError {
  if (error instanceof SimilarityError) return error
  if (error instanceof ZodError) return fromZod(error)
  if (error instanceof Error && error.name === 'TimeoutError') return new SimilarityError('deadline_exceeded', { cause: error, retryAfterSeconds: 5 })
  if (hasStatus(error)) {
    if (error.status === 413) return new SimilarityError('payload_too_large', { cause: error })
    if (error.status === 415) return new SimilarityError('unsupported_media_type', { cause: error })
    if (error.status >= 400 && error.status < 500) return new SimilarityError('malformed_request', { cause: error })
  }
  return new SimilarityError('internal', { cause: error })
}

export function toProblem(error: SimilarityError, requestId: string): Problem {
  const { status, title, fix } = error.entry
  return {
    type: `urn:datashare-similarity:error:${error.code}`,
    title,
    status,
    detail: error.detail,
    code: error.code,
    fix,
    requestId,
    ...(error.taskId === undefined ? {} : { taskId: error.taskId }),
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  }
}

/** Seconds after which asking again makes sense; every 429 and 503 says it. */
export const retryAfter = (error: SimilarityError): number | undefined =>
  error.retryAfterSeconds ?? ([429, 503].includes(error.entry.status) ? 5 : undefined)

const DETAIL_CHARACTERS = 300

function fromZod(error: ZodError): SimilarityError {
  const errors = error.issues.slice(0, 20).map(issue => ({
    pointer: `/${issue.path.map(part => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
    // Some messages quote the names of fields that were sent.
    detail: issue.message.slice(0, DETAIL_CHARACTERS),
  }))
  return new SimilarityError('invalid_request', { errors, detail: errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ') })
}
