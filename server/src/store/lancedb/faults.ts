import { setTimeout as pause } from 'node:timers/promises'
import { SimilarityError } from '@datashare-similarity/shared'

const NO_SPACE = /ENOSPC|no space left|os error 28\b|quota exceeded/i
const REFUSED = /EACCES|EPERM|EROFS|permission denied|operation not permitted|read-only file system|os error (1|13|30)\b/i
const MISSING = /not found|no such file/i
const CONFLICT = /retryable commit conflict|commit conflict/i
const SOURCE_PLACE = /[\w-]+-\d+\.\d+\.\d+\/src\/[\w/]+\.rs:\d+:\d+/g

const messageOf = (error: unknown): string => (error instanceof Error ? `${error.message} ${messageOf(error.cause)}` : '')

export const isMissing = (error: unknown): boolean => MISSING.test(messageOf(error))

/**
 * Names the fault of a call to LanceDB. Its own messages repeat filters and queries, which may
 * neither be logged nor sent: only the places in its source go along.
 */
export function toSimilarityError(error: unknown): SimilarityError {
  if (error instanceof SimilarityError) return error
  const message = messageOf(error)
  if (NO_SPACE.test(message)) return new SimilarityError('disk_full')
  if (REFUSED.test(message) || MISSING.test(message)) return new SimilarityError('store_unreadable')
  const places = [...new Set(message.match(SOURCE_PLACE))].join(', ')
  return new SimilarityError('internal', { detail: `the vector store failed${places === '' ? '' : ` at ${places}`}` })
}

const ATTEMPTS = 6
const FIRST_PAUSE_MILLISECONDS = 50

/** Runs a write again where another commit came between. */
export async function retryConflicts<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (attempt === ATTEMPTS || !CONFLICT.test(messageOf(error))) throw error
      await pause(FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1))
    }
  }
}
