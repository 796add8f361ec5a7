import type { ErrorCode } from '@datashare-similarity/shared'

/** Errors that a reader can meet in the page; of any other the companion's own words are shown. */
export const SHOWN_ERRORS = [
  'anonymous', 'project_forbidden', 'role_too_low', 'role_unknown', 'not_your_task', 'origin_refused', 'host_refused', 'csrf_token_wrong',
  'cross_site_refused', 'task_unknown', 'document_unknown', 'passage_outside', 'filter_too_broad', 'document_failed', 'chain_running', 'task_finished', 'generation_changed', 'rate_limited', 'internal',
  'datashare_unreachable', 'elasticsearch_unreachable', 'elasticsearch_refused', 'index_missing', 'embedder_unavailable', 'model_missing',
  'model_tampered', 'model_unknown', 'task_not_finished', 'disk_full', 'store_unreadable', 'deadline_exceeded', 'shutting_down', 'companion_unreachable',
] as const satisfies readonly ErrorCode[]

export type ShownError = (typeof SHOWN_ERRORS)[number]
