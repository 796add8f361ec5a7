/**
 * The catalogue of errors. Codes are permanent: never rename or reuse one.
 * Each says why it happened and what fixes it, in words a journalist or an operator can act on.
 * `waitFor` marks the faults of a dependency that passes: a running chain waits for it instead of failing.
 */
export interface ErrorEntry {
  readonly status: number
  readonly title: string
  readonly why: string
  readonly fix: string
  readonly waitFor?: 'elasticsearch' | 'disk' | 'embedder' | 'datashare'
}

export const ERRORS = {
  malformed_request: { status: 400, title: 'The request is malformed', why: 'The body is not valid JSON, or a part of the address is not well-formed.', fix: 'Send JSON with Content-Type: application/json, as /api/openapi.json describes.' },
  not_http: { status: 400, title: 'Not a request', why: 'What was sent is not HTTP/1.1 as it should be.', fix: 'Send it with a client for HTTP; behind a reverse proxy, check that it speaks HTTP to the companion, not HTTPS.' },
  invalid_project_name: { status: 400, title: 'Not a project name', why: 'A project name has letters, digits, "-" and "_" only, at most 255 of them.', fix: 'Use the name of the project as it stands in the address of its page in Datashare.' },
  anonymous: { status: 401, title: 'Not signed in', why: 'Datashare does not know who is asking.', fix: 'Sign in to Datashare in this browser, or set DATASHARE_API_KEY on the command line.' },
  project_forbidden: { status: 403, title: 'No access to this project', why: 'The project does not exist, or Datashare does not let you read it.', fix: 'Check the name of the project, or ask an administrator of Datashare for access.' },
  role_too_low: { status: 403, title: 'Your role may not do this', why: 'Vectorizing, cancelling and wiping need the role that the companion is configured with.', fix: 'Ask an administrator of the project, or change SIMILARITY_VECTORIZE_ROLE.' },
  role_unknown: { status: 403, title: 'Datashare does not tell your role', why: 'This Datashare has no /api/users/me/permissions, so only PROJECT_MEMBER can be met.', fix: 'Upgrade Datashare to 21.0.1 or later, or set SIMILARITY_VECTORIZE_ROLE=PROJECT_MEMBER.' },
  not_your_task: { status: 403, title: 'Not your task', why: 'Only who started a task, or an administrator of its project, may stop or forget it.', fix: 'Ask the person who started it.' },
  origin_refused: { status: 403, title: 'This page may not call the companion', why: 'The Origin of the page is not in the list of allowed origins.', fix: 'Open Datashare at its configured address, or add the origin to SIMILARITY_ALLOWED_ORIGINS.' },
  host_refused: { status: 403, title: 'Unknown host name', why: 'The Host of the request is none of the companion\'s own names.', fix: 'Call the companion by its configured name, or set SIMILARITY_PUBLIC_URL.' },
  csrf_token_wrong: { status: 403, title: 'The anti-forgery token is wrong or missing', why: 'A request with a cookie must repeat the cookie _ds_csrf_token in the header X-DS-CSRF-TOKEN.', fix: 'Reload the page; if it stays, sign out of Datashare and in again.' },
  cross_site_refused: { status: 403, title: 'A request from another site', why: 'The browser says that another site made this request.', fix: 'Use the companion from Datashare\'s own page.' },
  route_unknown: { status: 404, title: 'No such address', why: 'The companion has no route of this name.', fix: 'See /api/openapi.json for the routes.' },
  task_unknown: { status: 404, title: 'No such task', why: 'The task does not exist, or it belongs to a project that you may not read.', fix: 'List your tasks with GET /api/tasks.' },
  document_unknown: { status: 404, title: 'No such document', why: 'The document is not in this project, or Datashare does not show it to you.', fix: 'Check that the document is still in the project.' },
  method_not_allowed: { status: 405, title: 'This address does not take this method', why: 'The route exists, but not for this method.', fix: 'See /api/openapi.json for the methods of each route.' },
  request_timeout: { status: 408, title: 'The request came too slowly', why: 'Headers must have come after 10 seconds, the whole request after a minute.', fix: 'Send it again; if it stays, check the connection.' },
  chain_running: { status: 409, title: 'The project is being vectorized', why: 'One chain at a time runs on a project.', fix: 'Wait for it, or cancel it first.' },
  task_not_finished: { status: 409, title: 'The task is still running', why: 'Only a finished task can be forgotten or resumed.', fix: 'Cancel it first.' },
  task_finished: { status: 409, title: 'The task is finished', why: 'A finished task can be neither cancelled nor, when it is DONE, resumed.', fix: 'Start a new vectorization.' },
  task_of_chain: { status: 409, title: 'This task belongs to a chain', why: 'The batches of a vectorization are cancelled, resumed and forgotten together with the task that made them.', fix: 'Act on its parent task.' },
  not_vectorized: { status: 409, title: 'The project is not vectorized', why: 'There is nothing to measure before its first vectorization.', fix: 'Vectorize the project first.' },
  search_task_unavailable: { status: 409, title: 'Searches do not run as tasks here', why: 'Only where Temporal runs the tasks does a search run as one.', fix: 'Search with POST /api/projects/{project}/similar, which answers at once, or start the companion with SIMILARITY_ENGINE=temporal.' },
  generation_changed: { status: 409, title: 'The project has been vectorized anew', why: 'The generation you sent back has been replaced since.', fix: 'Ask again without "generation", from the first page.' },
  payload_too_large: { status: 413, title: 'The request is too large', why: 'A body may have 1 MB at most.', fix: 'Send fewer or shorter queries.' },
  unsupported_media_type: { status: 415, title: 'Not JSON', why: 'Requests that change or search take application/json only.', fix: 'Send Content-Type: application/json.' },
  invalid_request: { status: 422, title: 'The request cannot be done as it stands', why: 'One or more values are outside of what the contract allows; "errors" names them.', fix: 'Correct the values named in "errors".' },
  passage_outside: { status: 422, title: 'The passage lies outside of the document', why: 'start and end do not mark a part of the document\'s content.', fix: 'Send offsets into the content as Datashare gives it, start before end.' },
  filter_too_broad: { status: 422, title: 'Tags or quoted words match too many documents', why: 'Tags, and words in quotation marks, may match 10,000 documents at most.', fix: 'Add another filter, choose a rarer tag, or take the quotation marks away.' },
  model_unknown: { status: 422, title: 'No such model', why: 'The model is neither in the registry nor the folder that the companion was started with.', fix: 'Choose one of GET /api/models, or "datashare-similarity model list". A folder of your own is named by SIMILARITY_MODEL where the companion starts.' },
  model_differs: { status: 422, title: 'The project was vectorized with another model', why: 'One project holds the vectors of one model; update keeps it.', fix: 'Use mode "rebuild" to change the model.' },
  headers_too_large: { status: 431, title: 'The address or the headers are too long', why: 'Address and headers together may have 16 kB at most.', fix: 'Send long values in the body; delete cookies that are not needed.' },
  rate_limited: { status: 429, title: 'Too many requests at once', why: 'The queue is full.', fix: 'Wait a moment and try again.' },
  internal: { status: 500, title: 'Something went wrong in the companion', why: 'An unexpected fault.', fix: 'Try again; if it stays, look up the requestId in the companion\'s log.' },
  datashare_unreachable: { status: 503, title: 'Datashare does not answer', why: 'The companion asks Datashare who you are and what you may read, and it did not answer.', fix: 'Check that Datashare runs and that DATASHARE_URL is right.', waitFor: 'datashare' },
  elasticsearch_unreachable: { status: 503, title: 'Elasticsearch does not answer', why: 'The documents of the project are read from Elasticsearch, and where it is the vector store the vectors too; it did not answer.', fix: 'Check that Elasticsearch runs and that ELASTICSEARCH_URL, user and password are right.', waitFor: 'elasticsearch' },
  elasticsearch_refused: { status: 503, title: 'Elasticsearch refused the request', why: 'The credentials are wrong, or they give no right to read this index, or as the vector store to make and write indices of its own.', fix: 'Check ELASTICSEARCH_USER, ELASTICSEARCH_PASSWORD or ELASTICSEARCH_API_KEY and their rights.' },
  elasticsearch_too_old: { status: 503, title: 'This Elasticsearch is too old', why: 'The companion needs Elasticsearch 8 or later, as Datashare 20.8 and later do; as the vector store 8.12 or later: before, it keeps no compressed vectors.', fix: 'Upgrade Datashare and its Elasticsearch, set ELASTICSEARCH_URL to that of a newer one, or keep the vectors here with SIMILARITY_STORE=lancedb.' },
  index_missing: { status: 503, title: 'The project has no index', why: 'Datashare lists the project, but Elasticsearch has no index of its name.', fix: 'Index documents in Datashare first, and check that ELASTICSEARCH_URL is Datashare\'s own Elasticsearch.' },
  vectors_missing: { status: 503, title: 'The vectors of the project are gone', why: 'The companion\'s own indices of this project are not in Elasticsearch any more.', fix: 'Restore them from a snapshot of Elasticsearch, or vectorize the project again with mode "rebuild".' },
  index_not_ours: { status: 503, title: 'An index is not the companion\'s', why: 'Elasticsearch has an index of a name that the companion would use, and the companion has not made it.', fix: 'Look at the index that is named, and delete it where nobody needs it; then vectorize the project again.' },
  embedder_unavailable: { status: 503, title: 'The model is not available', why: 'The process that runs the model is starting, or has failed.', fix: 'Try again in a few seconds; search by words works meanwhile.', waitFor: 'embedder' },
  model_missing: { status: 503, title: 'The files of the model are missing', why: 'The folder of the model lacks a file that its registry entry names.', fix: 'Run "datashare-similarity model pull" with the id of the model, or put its files into the folder that is named; the companion notices by itself. Or choose the bundled model with SIMILARITY_MODEL.' },
  model_changed: { status: 503, title: 'The project was vectorized with another version of its model', why: 'Its vectors cannot be compared with those that the model makes now; search by words goes on.', fix: 'Vectorize the project again, or give the companion the former files of the model back.' },
  model_download_failed: { status: 503, title: 'The model could not be downloaded', why: 'The model hub does not answer, or not with the files of the model.', fix: 'Check the network, HTTPS_PROXY and HF_ENDPOINT (the address of a mirror), and try again. Or copy the folder of the model from a machine that has it.' },
  model_tampered: { status: 503, title: 'The files of the model are not the pinned ones', why: 'The SHA-256 of a file differs from the one that is pinned.', fix: 'Run "datashare-similarity model pull" with the id of the model, or restore the file from the package, and start the companion again.' },
  model_refused: { status: 503, title: 'The model is refused', why: 'A model must be one ONNX file that holds all of its data (one that names other files could make the companion read any file), with an output as its description says.', fix: 'Take the model as a single ONNX file with 32-bit output, correct its description, or choose the bundled model with SIMILARITY_MODEL.' },
  temporal_unreachable: { status: 503, title: 'Temporal does not answer', why: 'Vectorizations are run by Temporal, and it did not answer. Searches go on.', fix: 'Check that Temporal runs and that TEMPORAL_ADDRESS is right.' },
  task_lost: { status: 500, title: 'The task was lost', why: 'Temporal ended its workflow without the companion\'s doing, or does not know it any more.', fix: 'Resume the task: what is done stays done.' },
  disk_full: { status: 503, title: 'The disk is full', why: 'The disk of the data folder, or of Elasticsearch where it is the vector store, has no room left.', fix: 'Free space on the disk, or point SIMILARITY_DATA_DIR to a larger one; the task goes on by itself.', waitFor: 'disk' },
  store_unreadable: { status: 503, title: 'The data folder cannot be used', why: 'The data folder cannot be read or written.', fix: 'Check the owner and the rights of the folder of SIMILARITY_DATA_DIR.' },
  data_folder_busy: { status: 503, title: 'Another companion uses this data folder', why: 'One live process at a time works on a data folder.', fix: 'Stop the other one, or give this one a folder of its own with SIMILARITY_DATA_DIR.' },
  data_folder_newer: { status: 503, title: 'The data folder is of a newer version', why: 'A newer companion has written it, and this one does not know its form.', fix: 'Start the version that wrote it, or a later one: "npx datashare-similarity@latest serve". Or restore a backup of this version, or give this one a folder of its own with SIMILARITY_DATA_DIR.' },
  backup_unusable: { status: 500, title: 'The backup cannot be used', why: 'It is incomplete, was changed since it was made, or was made by a newer companion.', fix: 'Take another backup: "backup" writes backup.json last, and "restore" compares every file with it.' },
  configuration_wrong: { status: 500, title: 'A setting is wrong', why: 'The value of a setting has not the shape it should have.', fix: 'Correct the setting that is named.' },
  deadline_exceeded: { status: 503, title: 'The search took too long', why: 'The request ran into its deadline.', fix: 'Try again, with fewer queries or a narrower filter.' },
  shutting_down: { status: 503, title: 'The companion is stopping', why: 'It is being shut down.', fix: 'Try again when it is back; a running task goes on by itself.' },
  companion_unreachable: { status: 503, title: 'The companion does not answer', why: 'The similarity server does not run, or not at the address in use.', fix: 'Start it with "datashare-similarity serve"; the setting similarityServer of Datashare tells its address.' },
  node_too_old: { status: 500, title: 'This Node.js is too old', why: 'The companion needs Node.js 24 or later.', fix: 'Install Node.js 24; from a checkout run it with "npx --no-install datashare-similarity".' },
  document_failed: { status: 500, title: 'The document could not be vectorized', why: 'Its text could not be cut or embedded.', fix: 'Vectorize with mode "failed" to try it again.' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS

export interface FieldError {
  /** JSON pointer into the body, or the name of a parameter. */
  readonly pointer: string
  readonly detail: string
}

export interface SimilarityErrorOptions {
  /** What exactly, in this case: names and numbers, never text of documents or queries. */
  detail?: string
  cause?: unknown
  taskId?: string
  /** Of the request that was answered with it, for whoever looks it up in the companion's log. */
  requestId?: string
  retryAfterSeconds?: number
  errors?: FieldError[]
}

/** The one error of the project: a permanent code, with why and fix from the catalogue. */
export class SimilarityError extends Error {
  override readonly name = 'SimilarityError'
  readonly code: ErrorCode
  readonly detail: string
  readonly taskId: string | undefined
  readonly requestId: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly errors: FieldError[] | undefined

  constructor(code: ErrorCode, options: SimilarityErrorOptions = {}) {
    const detail = options.detail ?? ERRORS[code].why
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.detail = detail
    this.taskId = options.taskId
    this.requestId = options.requestId
    this.retryAfterSeconds = options.retryAfterSeconds
    this.errors = options.errors
  }

  get entry(): ErrorEntry {
    return ERRORS[this.code]
  }
}
