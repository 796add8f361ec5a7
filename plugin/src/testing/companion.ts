import { API_VERSION, API_VERSION_HEADER, ERRORS, type Coverage, type DocumentCopy, type ErrorCode, type Project, type SimilarAnswer, type SimilarDocument, type Task } from '@datashare-similarity/shared'
import { vi } from 'vitest'

interface Call { method: string, url: URL, body: unknown, headers: Headers, credentials: string | undefined }
type Reply = (call: Call) => Response | Promise<Response>

/** The companion at the edge of the network: answers by method and path, and remembers what was asked. */
export function fakeCompanion(routes: Record<string, Reply>) {
  const calls: Call[] = []
  vi.stubGlobal('fetch', async (input: string, init: RequestInit = {}) => {
    const url = new URL(input)
    const method = init.method ?? 'GET'
    const route = `${method} ${url.pathname}`
    const call: Call = { method, url, body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined, headers: new Headers(init.headers), credentials: init.credentials }
    calls.push(call)
    init.signal?.throwIfAborted()
    const reply = routes[route]
    if (!reply) throw new TypeError('Failed to fetch')
    const response = await reply(call)
    init.signal?.throwIfAborted()
    return response
  })
  return { calls, routes, asked: (route: string) => calls.filter(({ method, url }) => `${method} ${url.pathname}` === route) }
}

export const json = (body: unknown, status = 200, apiVersion = API_VERSION): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', [API_VERSION_HEADER]: String(apiVersion) } })

export function problem(code: ErrorCode): Response {
  const { status, title, why, fix } = ERRORS[code]
  return json({ type: `about:${code}`, title, status, detail: why, code, fix, requestId: 'r-42' }, status)
}

export const aCoverage = (part: Partial<Coverage> = {}): Coverage => ({ documents: 10, vectorized: 10, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0, ...part })

export const aDocument = (part: Partial<SimilarDocument> = {}): SimilarDocument => ({
  documentId: 'd1', rootId: 'root1', title: 'nominees.eml', path: '/vault/inbox/nominees.eml', contentType: 'message/rfc822', language: 'ENGLISH',
  creationDate: '2014-03-02T10:00:00.000Z', strength: 'strong', ranks: { meaning: 3, words: 41, document: null },
  passages: [{ start: 0, end: 30, text: 'The nominees of Appleby signed.', highlights: [[16, 23]], sharedTerms: ['Appleby'] }], duplicates: [], ...part,
})

export const anAnswer = (documents: SimilarDocument[], part: Partial<SimilarAnswer> & { hasMore?: boolean, copies?: DocumentCopy[] } = {}): SimilarAnswer => {
  const { hasMore = false, copies = [], ...rest } = part
  return { results: [{ query: { like: true }, documents, hasMore, copies }], generation: 'g1', coverage: aCoverage(), degraded: null, tookMs: 12, ...rest }
}

export const aTask = (part: Partial<Task> = {}): Task => ({
  id: 't1', name: 'create_vectorization_tasks', project: 'vault', state: 'RUNNING', phase: 'embedding', waitingFor: null, progress: 0.25,
  counts: { documents: 4000, done: 1000, empty: 0, failed: 0, passages: 9000 }, rate: 300, etaSeconds: [500, 700], failures: [], error: null, parent: null,
  resumes: null, mode: 'update', createdBy: 'local', createdAt: '2026-01-01T00:00:00.000Z', startedAt: '2026-01-01T00:00:01.000Z', completedAt: null,
  children: [], childCounts: { total: 0, done: 0, error: 0 }, ...part,
})

export const aProject = (part: Partial<Project> = {}): Project => ({
  project: 'vault', permissions: { vectorize: true, wipe: true, admin: true }, model: { id: 'all-MiniLM-L6-v2', dimensions: 384, languages: ['en'] }, generation: 'g1',
  coverage: aCoverage(), passages: 100, bytes: 1000, languages: { ENGLISH: 10 }, advice: [], task: null, evaluation: null, updatedAt: null, ...part,
})
