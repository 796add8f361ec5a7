export const API_VERSION = 1
/** Header of every answer that says the version of the API: who calls needs no call of its own to know it. */
export const API_VERSION_HEADER = 'X-Similarity-Api-Version'

/** Datashare's own task names for the chain: the names under which every engine knows the steps. */
export const TASK_NAMES = {
  createVectorizationTasks: 'create_vectorization_tasks',
  vectorizeDocs: 'vectorize_docs',
  findMostSimilar: 'find_most_similar',
} as const

/** Task states are Datashare's (its Task.State). */
export const TASK_STATES = ['CREATED', 'QUEUED', 'RUNNING', 'CANCELLED', 'ERROR', 'DONE'] as const
export const FINISHED_STATES = ['CANCELLED', 'ERROR', 'DONE'] as const
export const TASK_PHASES = ['scanning', 'embedding', 'indexing', 'verifying', 'cancelling', 'waiting'] as const

export const STRENGTHS = ['near-identical', 'strong', 'related', 'weak', 'words'] as const
export const SEARCH_MODES = ['hybrid', 'meaning', 'words'] as const
export const VECTORIZE_MODES = ['update', 'rebuild', 'failed'] as const

/** Bounds of a request; beyond them a 4xx that says the limit. */
export const LIMITS = {
  bodyBytes: 1_000_000,
  queries: 20,
  likes: 20,
  unlikes: 20,
  /** Characters of one query or example text. */
  textCharacters: 10_000,
  /** Characters of all queries and example texts of one request. */
  totalCharacters: 200_000,
  size: 100,
  /** from + size. */
  window: 1_000,
  filterValues: 100,
  tagDocuments: 10_000,
  projectName: 255,
  documentId: 512,
  /** Passages shown of one result. */
  passages: 3,
  batchSize: 1_000,
  /** Datashare's own cap on the content of a document, in UTF-16 units. */
  documentCharacters: 20_000_000,
} as const

/** As Datashare's own search proxy takes project names. */
export const PROJECT_NAME = /^[-a-zA-Z0-9_]{1,255}$/

export const CSRF_COOKIE = '_ds_csrf_token'
export const CSRF_HEADER = 'X-DS-CSRF-TOKEN'
export const DEFAULT_PORT = 4780
