import {
  API_VERSION, API_VERSION_HEADER, CSRF_COOKIE, CSRF_HEADER,
  type DocumentStatus, type DocumentStatusList, type Estimate, type Model, type Project, type ProjectList, type SimilarAnswer, type SimilarRequest,
  type Task, type TaskList, type VectorizeRequest,
} from '@datashare-similarity/shared'
import type { InjectionKey } from 'vue'
import { injected } from '../host/core.ts'
import { ApiError, catalogued, ownError, problemOf } from './problem.ts'

/** Longer than the companion's own deadline of a request. */
const TIMEOUT_MS = 30_000

/** The companion's HTTP API, as the user who is signed in to Datashare. Every method rejects with ApiError, or with the abort of its signal. */
export interface SimilarityApi {
  projects(page: Page): Promise<ProjectList>
  project(name: string): Promise<Project>
  models(): Promise<Model[]>
  estimate(name: string, request: Pick<VectorizeRequest, 'mode' | 'model'>): Promise<Estimate>
  documents(name: string, status: 'failed', page: Page): Promise<DocumentStatusList>
  document(name: string, id: string): Promise<DocumentStatus>
  vectorize(name: string, request: VectorizeRequest): Promise<{ task: Task }>
  similar(name: string, request: SimilarRequest, signal: AbortSignal): Promise<SimilarAnswer>
  /** The chains of all projects that the reader may see, or of one; with a parent, the batches of that chain. */
  tasks(page: Page & { project?: string, parent?: string }): Promise<TaskList>
  task(id: string): Promise<Task>
  cancel(id: string): Promise<void>
  resume(id: string): Promise<{ task: Task }>
  forget(id: string): Promise<void>
}

interface Page { readonly from: number, readonly size: number }

export const apiKey: InjectionKey<SimilarityApi> = Symbol('similarity api')

export function useApi(): SimilarityApi {
  return injected(apiKey)
}

/** `isConfigured`: somebody has said where the companion is. */
export function createApi(baseUrl: string, { isConfigured = true }: { isConfigured?: boolean } = {}): SimilarityApi {
  async function call<T>(path: string, request: Request): Promise<T> {
    try {
      return await send<T>(`${baseUrl}/api/${path}`, request)
    } catch (error) {
      throw !isConfigured && error instanceof ApiError && error.code === 'companion_unreachable' ? ownError('companion_not_configured') : error
    }
  }

  const get = <T>(path: string) => call<T>(path, { method: 'GET' })
  const post = <T>(path: string, body: object, signal?: AbortSignal) => call<T>(path, { method: 'POST', body: JSON.stringify(body), ...(signal && { signal }) })
  const project = (name: string) => `projects/${encodeURIComponent(name)}`
  const task = (id: string) => `tasks/${encodeURIComponent(id)}`
  return {
    projects: page => get(`projects?${queryOf(page)}`),
    project: name => get(project(name)),
    models: async () => (await get<{ items: Model[] }>('models')).items,
    estimate: (name, request) => get(`${project(name)}/estimate?${queryOf(request)}`),
    documents: (name, status, page) => get(`${project(name)}/documents?${queryOf({ status, ...page })}`),
    document: (name, id) => get(`${project(name)}/documents/${encodeURIComponent(id)}`),
    vectorize: (name, request) => post(`${project(name)}/vectorize`, request),
    similar: (name, request, signal) => post(`${project(name)}/similar`, request, signal),
    tasks: page => get(`tasks?${queryOf(page)}`),
    task: id => get(task(id)),
    cancel: id => post(`${task(id)}/cancel`, {}),
    resume: id => post(`${task(id)}/resume`, {}),
    forget: id => call(task(id), { method: 'DELETE' }),
  }
}

function queryOf(values: object): string {
  const entries = Object.entries(values) as [string, string | number | undefined][]
  return new URLSearchParams(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))).toString()
}

interface Request { method: 'GET' | 'POST' | 'DELETE', body?: string, signal?: AbortSignal }

async function send<T>(url: string, request: Request): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout
  const answer = await reach(url, { ...request, signal, credentials: 'include', headers: headersOf(request.method) }, request.signal)
  if (!answer.ok) throw problemOf(answer.body)
  // The one place where the contract is trusted: its schemas would weigh more than the whole plugin.
  return answer.body as T
}

async function reach(url: string, init: RequestInit, caller: AbortSignal | undefined): Promise<{ ok: boolean, body: unknown }> {
  try {
    const response = await fetch(url, init)
    checkVersion(response)
    if (response.status === 204) return { ok: true, body: undefined }
    const text = await response.text()
    // An empty success is an answer; a page in HTML is somebody else's.
    if (response.ok && text === '') return { ok: true, body: undefined }
    return { ok: response.ok, body: JSON.parse(text) as unknown }
  } catch (error) {
    if (caller?.aborted || error instanceof ApiError) throw error
    throw catalogued('companion_unreachable')
  }
}

/** What another version answers is not trusted. What says no version is judged by what it answers. @throws ApiError companion_version */
function checkVersion({ headers }: Response): void {
  const version = headers.get(API_VERSION_HEADER)
  if (version !== null && Number(version) !== API_VERSION) throw ownError('companion_version')
}

function headersOf(method: string): Record<string, string> {
  if (method === 'GET') return { Accept: 'application/json' }
  const token = csrfToken(document.cookie)
  return { 'Accept': 'application/json', 'Content-Type': 'application/json', ...(token !== null && { [CSRF_HEADER]: token }) }
}

function csrfToken(cookies: string): string | null {
  const cookie = cookies.split(';').map(part => part.trim()).find(part => part.startsWith(`${CSRF_COOKIE}=`))
  return cookie === undefined ? null : cookie.slice(CSRF_COOKIE.length + 1)
}
