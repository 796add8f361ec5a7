import type { ErrorCode } from '@datashare-similarity/shared'

/** Errors that the plugin must have words for: it finds them out itself, or gets no more of them than the code. All others come with the companion's own words. */
export const WORDED_ERRORS = [
  'document_failed', 'internal', 'elasticsearch_unreachable', 'elasticsearch_refused', 'index_missing', 'store_unreadable', 'companion_unreachable',
] as const satisfies readonly ErrorCode[]

export type WordedError = (typeof WORDED_ERRORS)[number]
