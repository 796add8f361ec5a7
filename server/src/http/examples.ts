import type { z } from 'zod'
import { TASK_NAMES, type Coverage, type Project, type SimilarDocument, type Task } from '@datashare-similarity/shared'
import type { EndpointName, Endpoints } from './endpoints.ts'

type Body<E> = E extends { body: infer S extends z.ZodType } ? { body: z.input<S> } : object
type AnswerOf<E> = E extends { answer: infer S extends z.ZodType } ? { answer: z.input<S> } : object

/** What is sent and answered, as the OpenAPI document shows it: one example for each route that has a body or an answer. */
export type Examples = { readonly [K in EndpointName]: Body<Endpoints[K]> & AnswerOf<Endpoints[K]> }

const PROJECT = 'meridian'
const GENERATION = 'f3b6c1de-5a0e-4f0f-9d51-0f8a3c1f7f10'
const DOCUMENT = '7e1b0c52d9a84c4bb1f3a0'
const COPY = '19c4d8a3770e4b6f92dd5e'
const CHAIN = `${TASK_NAMES.createVectorizationTasks}-2b0e1c1a-6f0c-4c39-8d0f-5f7a0c9e4d11`
const BATCH = `${TASK_NAMES.vectorizeDocs}-c0a8e6f2-93f7-47a4-9a39-2f1f3f6f0b55`
const SEARCH = `${TASK_NAMES.findMostSimilar}-0d6f4b1e-3c1a-4f6e-9a51-7c2e8b6d9f10`
const EARLIER = '2026-01-31T09:12:00.000Z'
const LATER = '2026-01-31T09:14:30.000Z'

const coverage: Coverage = { documents: 98, vectorized: 96, empty: 1, failed: 1, missing: 0, stale: 0, truncated: 0 }

const running: Task = {
  id: CHAIN, name: TASK_NAMES.createVectorizationTasks, project: PROJECT, state: 'RUNNING', phase: 'embedding', waitingFor: null, progress: 0.42,
  counts: { documents: 98, done: 40, empty: 1, failed: 0, passages: 610 }, rate: 31.5, etaSeconds: [90, 160], failures: [], error: null,
  parent: null, resumes: null, mode: 'update', createdBy: 'alice', createdAt: EARLIER, startedAt: EARLIER, completedAt: null,
  children: [{ id: BATCH, state: 'RUNNING' }], childCounts: { total: 7, done: 2, error: 0 },
}
const queued: Task = { ...running, state: 'QUEUED', phase: null, progress: 0, counts: { documents: 0, done: 0, empty: 0, failed: 0, passages: 0 }, rate: null, etaSeconds: null, startedAt: null, children: [], childCounts: { total: 0, done: 0, error: 0 } }
const cancelling: Task = { ...running, phase: 'cancelling', rate: null, etaSeconds: null }
const resumed: Task = { ...queued, id: `${TASK_NAMES.createVectorizationTasks}-84a3d1b7-27c5-4a7e-a9b6-1d1f5ad7a0c2`, resumes: CHAIN, createdAt: LATER }
const done: Task = {
  ...running, state: 'DONE', phase: null, progress: 1, counts: { documents: 98, done: 96, empty: 1, failed: 1, passages: 1_480 }, rate: null, etaSeconds: null,
  failures: [{ documentId: 'a91f3c', code: 'document_failed' }], completedAt: LATER, children: [{ id: BATCH, state: 'DONE' }], childCounts: { total: 7, done: 7, error: 0 },
}

const project: Project = {
  project: PROJECT, permissions: { vectorize: true, wipe: true, admin: false }, model: { id: 'all-MiniLM-L6-v2', dimensions: 384, languages: ['en'] },
  generation: GENERATION, coverage, passages: 1_480, bytes: 6_400_000, languages: { ENGLISH: 80, FRENCH: 18 }, advice: ['model_language_mismatch'],
  task: done, evaluation: null, updatedAt: LATER,
}

const found: SimilarDocument = {
  documentId: DOCUMENT, rootId: DOCUMENT, title: 'sponsoring-agreement.pdf', path: '/vault/meridian/contracts/sponsoring-agreement.pdf', contentType: 'application/pdf',
  language: 'ENGLISH', creationDate: '2019-04-02T00:00:00.000Z', strength: 'related', ranks: { meaning: 1, words: null, document: 4 },
  passages: [{ start: 1_204, end: 1_371, text: 'The guests, all of them prescribers, were taken on a cruise of six days.', highlights: [[52, 58]], sharedTerms: ['cruise'] }],
  duplicates: [{ documentId: COPY, rootId: COPY, title: 'sponsoring-agreement-signed.pdf', path: '/vault/meridian/contracts/sponsoring-agreement-signed.pdf', similarity: 0.98 }],
}

const page = (total: number) => ({ count: total, from: 0, size: 10, total })
const status = { documentId: 'a91f3c', status: 'failed' as const, reason: 'document_failed' as const, passages: 0, truncated: false, vectorizedAt: LATER }

export const examples: Examples = {
  live: { answer: { live: true } },
  ready: { answer: { ready: true, checks: { model: { ok: true }, store: { ok: true }, elasticsearch: { ok: true }, datashare: { ok: true } } } },
  info: { answer: { version: '0.1.0', apiVersion: 1, datashare: { reachable: true, version: '21.18.0' }, model: 'all-MiniLM-L6-v2', store: 'lancedb', engine: 'local' } },
  models: { answer: { items: [{ id: 'all-MiniLM-L6-v2', dimensions: 384, maxTokens: 256, languages: ['en'], licence: 'Apache-2.0', bytes: 23_700_000, bundled: true, installed: true, inUse: true }] } },
  projects: { answer: { items: [project], pagination: page(1) } },
  project: { answer: project },
  estimate: { answer: { documents: 12, characters: 240_000, etaSeconds: [20, 45], bytes: 900_000 } },
  documents: { answer: { items: [{ ...status, title: 'broken.pdf', rootId: 'a91f3c' }], pagination: page(1) } },
  document: { answer: status },
  vectorize: { body: { mode: 'update', batchSize: 16 }, answer: { task: queued } },
  evaluate: {
    answer: {
      measuredAt: LATER, items: 200, hybrid: { first: 0.93, ten: 0.99 }, meaning: { first: 0.81, ten: 0.95 }, words: { first: 0.9, ten: 0.97 }, vectors: 100, indexRecall: 1,
    },
  },
  wipe: {},
  similar: {
    body: { queries: ['physicians rewarded with a luxury boat holiday'], filters: { language: ['ENGLISH'], path: '/vault/meridian/contracts' }, size: 10 },
    answer: {
      results: [{ query: { index: 0, text: 'physicians rewarded with a luxury boat holiday' }, documents: [found], hasMore: false, copies: [] }],
      generation: GENERATION, coverage, degraded: null, tookMs: 48,
    },
  },
  startSearchTask: { body: { queries: ['physicians rewarded with a luxury boat holiday'], size: 10 }, answer: { id: SEARCH, state: 'QUEUED', documentIds: null } },
  searchTask: { answer: { id: SEARCH, state: 'DONE', documentIds: [[DOCUMENT]] } },
  tasks: { answer: { items: [done], pagination: page(1) } },
  task: { answer: running },
  cancel: { answer: { task: cancelling } },
  resume: { answer: { task: resumed } },
  forget: {},
}
