import { ERRORS, type ErrorCode } from '@datashare-similarity/shared'

/** Errors that a reader can meet in the page; of any other the companion's own words are shown. */
const shown = [
  'anonymous', 'project_forbidden', 'role_too_low', 'role_unknown', 'not_your_task', 'origin_refused', 'host_refused', 'csrf_token_wrong',
  'cross_site_refused', 'task_unknown', 'document_unknown', 'chain_running', 'task_finished', 'generation_changed', 'rate_limited', 'internal',
  'datashare_unreachable', 'elasticsearch_unreachable', 'elasticsearch_refused', 'index_missing', 'embedder_unavailable', 'model_missing',
  'model_tampered', 'disk_full', 'store_unreadable', 'deadline_exceeded', 'shutting_down', 'companion_unreachable',
] as const satisfies readonly ErrorCode[]

type ShownError = (typeof shown)[number]
interface ErrorText { readonly why: string, readonly fix: string }

const entryOf = (code: ShownError): [ShownError, ErrorText] => [code, { why: ERRORS[code].why, fix: ERRORS[code].fix }]

/** English, and the shape of every other locale. Placeholders are in braces; a bar parts the plural forms. */
export const en = {
  language: 'en',
  close: 'Close',
  retry: 'Try again',
  ordinal: { zero: '{rank}th', one: '{rank}st', two: '{rank}nd', few: '{rank}rd', many: '{rank}th', other: '{rank}th' },
  similar: {
    label: 'Similar',
    title: 'Similar documents',
    to: 'To {title}',
    copies: 'This document has one near-identical copy | This document has {count} near-identical copies',
    searching: 'Looking for similar documents…',
    count: 'No similar documents | One similar document | {count} similar documents',
    countSoFar: 'One similar document so far | {count} similar documents so far',
    empty: 'No similar documents',
    emptyHint: 'No other document of this project is close enough to this one.',
  },
  search: {
    label: 'Search by meaning',
    question: 'Describe what you look for',
    placeholder: 'companies hiding behind "nominee directors"',
    help: 'Write a phrase or a question. Words in "quotes" must appear. Enter searches.',
    project: 'Project',
    noProject: 'Select a project in the search bar first.',
    submit: 'Search',
    modes: 'Search by',
    mode: { hybrid: 'Both', meaning: 'Meaning', words: 'Words' },
    searching: 'Searching…',
    count: 'No documents | One document | {count} documents',
    countSoFar: 'One document so far | {count} documents so far',
    empty: 'No document found',
    emptyHint: 'Describe it in other words, or search by both meaning and words.',
  },
  results: {
    more: 'Show more',
    partly: 'Results come from {done} of {documents} documents: the others are not vectorized yet.',
    degraded: 'The model is not available now: these results are found by words only.',
  },
  document: {
    untitled: 'Untitled document',
    kind: {
      email: 'E-mail', pdf: 'PDF', text: 'Text', page: 'Web page', word: 'Text document', sheet: 'Spreadsheet', slides: 'Slides',
      image: 'Image', audio: 'Audio', video: 'Video', other: 'File',
    },
    here: 'In this document',
    there: 'In that document',
    wholePassages: 'Show the whole passage | Show all {count} passages in full',
    shortPassages: 'Show less',
    copies: '+1 near-identical copy | +{count} near-identical copies',
    identical: 'same text',
    nearIdentical: 'nearly the same text',
  },
  strength: {
    'label': 'Strength of the match',
    'near-identical': 'Near-identical',
    'strong': 'Strong',
    'related': 'Related',
    'weak': 'Weak',
    'words': 'Exact words',
  },
  why: {
    meaning: 'close in meaning ({rank})',
    words: 'shares words ({rank})',
    document: 'shares words over the whole document ({rank})',
    terms: 'shares: {terms}',
  },
  vectorize: {
    title: 'Similarity',
    start: 'Vectorize',
    update: 'Update',
    loading: 'Reading the state of the vectorization…',
    hint: 'This project is not vectorized yet: its documents cannot be found by meaning.',
    askSomebody: 'Ask somebody who may edit this project to vectorize it.',
    status: {
      none: 'Not vectorized',
      running: 'Being vectorized',
      some: '{vectorized} of {documents} vectorized',
      stale: '{count} changed',
      failed: '{count} failed',
    },
    estimating: 'Estimating…',
    estimate: 'One document, {duration}, {bytes} on disk. | {documents} documents, {duration}, {bytes} on disk.',
    nothing: 'Every document is up to date.',
    confirm: 'Start',
    dismiss: 'Cancel',
    progress: 'Progress of the vectorization',
    phase: {
      queued: 'Waiting for its turn',
      scanning: 'Looking through the documents',
      embedding: 'Reading the documents',
      indexing: 'Building the index',
      verifying: 'Checking the result',
      cancelling: 'Cancelling…',
      waiting: 'Waiting',
    },
    waitingFor: {
      elasticsearch: 'Waiting for Elasticsearch',
      disk: 'Waiting for room on the disk',
      embedder: 'Waiting for the model',
      datashare: 'Waiting for Datashare',
    },
    counts: '{done} of {documents} documents',
    rate: 'about {rate} per minute',
    left: '{duration} left',
    failed: 'One document failed | {count} documents failed',
    cancel: 'Cancel',
    resume: 'Resume',
    done: 'The project is vectorized.',
    cancelled: 'The vectorization was cancelled. What was done so far is kept.',
    stopped: 'The vectorization stopped.',
    lost: 'The companion does not answer at the moment. Trying again…',
  },
  duration: {
    soon: 'less than a minute',
    minutes: 'about one minute | about {range} minutes',
    hours: 'about one hour | about {range} hours',
  },
  error: { details: 'Code {code}', request: 'Code {code}, request {requestId}' },
  errors: Object.fromEntries(shown.map(entryOf)) as Record<ShownError, ErrorText>,
}

export type Messages = typeof en
