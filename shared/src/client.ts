import { ERRORS, SimilarityError, type ErrorCode } from './errors.ts'
import type {
  DocumentStatus, DocumentStatusList, Estimate, Evaluation, Info, Live, Model, Problem, Project, ProjectList, Ready, SearchTask, SearchTaskRequest, SimilarAnswer, SimilarRequest, Task, TaskList, VectorizeRequest,
} from './types.ts'

export interface ClientOptions {
  /** Address of the companion, with a path prefix where it has one. */
  readonly url: string
  /** An API key of Datashare, where it is in SERVER mode. */
  readonly apiKey?: string | undefined
}

interface Page { readonly from?: number, readonly size?: number }

/**
 * The companion's HTTP API for programs, as whoever the API key belongs to. Answers are as the contract says: they are not checked here.
 * Every method rejects with SimilarityError: the companion's own, or companion_unreachable; or with the reason of its signal.
 */
export interface SimilarityClient {
  live(signal?: AbortSignal): Promise<Live>
  /** Also what is not ready is an answer. */
  ready(signal?: AbortSignal): Promise<Ready>
  info(signal?: AbortSignal): Promise<Info>
  models(signal?: AbortSignal): Promise<Model[]>
  projects(page?: Page, signal?: AbortSignal): Promise<ProjectList>
  project(name: string, signal?: AbortSignal): Promise<Project>
  estimate(name: string, of?: Pick<VectorizeRequest, 'mode' | 'model'>, signal?: AbortSignal): Promise<Estimate>
  documents(name: string, of: Page & { status: 'vectorized' | 'empty' | 'failed' }, signal?: AbortSignal): Promise<DocumentStatusList>
  document(name: string, id: string, signal?: AbortSignal): Promise<DocumentStatus>
  similar(name: string, request: SimilarRequest, signal?: AbortSignal): Promise<SimilarAnswer>
  /** A search as a task of Temporal's; what it has found is fetched with `searchTask`. */
  startSearchTask(name: string, request: SearchTaskRequest, signal?: AbortSignal): Promise<SearchTask>
  searchTask(name: string, id: string, signal?: AbortSignal): Promise<SearchTask>
  evaluate(name: string, signal?: AbortSignal): Promise<Evaluation>
  /** Starts a chain. */
  vectorize(name: string, request?: VectorizeRequest, signal?: AbortSignal): Promise<Task>
  wipe(name: string, signal?: AbortSignal): Promise<void>
  tasks(of?: Page & { project?: string, parent?: string }, signal?: AbortSignal): Promise<TaskList>
  task(id: string, signal?: AbortSignal): Promise<Task>
  cancel(id: string, signal?: AbortSignal): Promise<Task>
  resume(id: string, signal?: AbortSignal): Promise<Task>
  forget(id: string, signal?: AbortSignal): Promise<void>
}

export function createClient({ url, apiKey }: ClientOptions): SimilarityClient {
  const base = url.replace(/\/+$/, '')
  const credentials: Record<string, string> = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }
  const send = <T>(method: string, path: string, signal?: AbortSignal, json?: object): Promise<T> => ask<T>(`${base}${path}`, {
    method,
    headers: { Accept: 'application/json', ...credentials, ...json !== undefined && { 'Content-Type': 'application/json' } },
    ...json !== undefined && { body: JSON.stringify(json) },
    ...signal !== undefined && { signal },
  })
  const get = <T>(path: string, signal?: AbortSignal): Promise<T> => send('GET', path, signal)
  const post = <T>(path: string, json: object, signal?: AbortSignal): Promise<T> => send('POST', path, signal, json)
  const project = (name: string): string => `/api/projects/${encodeURIComponent(name)}`
  const task = (id: string): string => `/api/tasks/${encodeURIComponent(id)}`
  const taskOf = async (answer: Promise<{ task: Task }>): Promise<Task> => (await answer).task
  return {
    live: signal => get('/health/live', signal),
    ready: signal => get('/health/ready', signal),
    info: signal => get('/api/info', signal),
    models: async signal => (await get<{ items: Model[] }>('/api/models', signal)).items,
    projects: (page = {}, signal) => get(`/api/projects${queryOf(page)}`, signal),
    project: (name, signal) => get(project(name), signal),
    estimate: (name, of = {}, signal) => get(`${project(name)}/estimate${queryOf(of)}`, signal),
    documents: (name, of, signal) => get(`${project(name)}/documents${queryOf(of)}`, signal),
    document: (name, id, signal) => get(`${project(name)}/documents/${encodeURIComponent(id)}`, signal),
    similar: (name, request, signal) => post(`${project(name)}/similar`, request, signal),
    startSearchTask: (name, request, signal) => post(`${project(name)}/similar/tasks`, request, signal),
    searchTask: (name, id, signal) => get(`${project(name)}/similar/tasks/${encodeURIComponent(id)}`, signal),
    evaluate: (name, signal) => post(`${project(name)}/evaluate`, {}, signal),
    vectorize: (name, request = {}, signal) => taskOf(post(`${project(name)}/vectorize`, request, signal)),
    wipe: (name, signal) => send('DELETE', `${project(name)}/vectors`, signal),
    tasks: (of = {}, signal) => get(`/api/tasks${queryOf(of)}`, signal),
    task: (id, signal) => get(task(id), signal),
    cancel: (id, signal) => taskOf(post(`${task(id)}/cancel`, {}, signal)),
    resume: (id, signal) => taskOf(post(`${task(id)}/resume`, {}, signal)),
    forget: (id, signal) => send('DELETE', task(id), signal),
  }
}

function queryOf(values: object): string {
  const entries = Object.entries(values) as [string, string | number | undefined][]
  const given = new URLSearchParams(entries.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]])))
  return given.size === 0 ? '' : `?${given.toString()}`
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const { response, text } = await reach(url, init)
  const body = text === '' ? undefined : jsonOf(text)
  if (response.ok || isReadiness(body)) return body as T
  if (!isProblem(body)) throw new SimilarityError('companion_unreachable', { detail: `${new URL(url).origin} answered with status ${response.status}, but not as a companion does.` })
  throw errorOf(body, response)
}

async function reach(url: string, init: RequestInit): Promise<{ response: Response, text: string }> {
  try {
    const response = await fetch(url, init)
    return { response, text: await response.text() }
  } catch (error) {
    init.signal?.throwIfAborted()
    throw new SimilarityError('companion_unreachable', { cause: error, detail: `No companion answers at ${new URL(url).origin}.` })
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const hasOwn = (body: unknown, ...names: string[]): boolean => typeof body === 'object' && body !== null && names.every(name => Object.hasOwn(body, name))
const isProblem = (body: unknown): body is Problem => hasOwn(body, 'code', 'detail', 'requestId')
/** The one answer that is no problem although its status is an error. */
const isReadiness = (body: unknown): boolean => hasOwn(body, 'ready', 'checks')

/** A code that only a newer companion knows is told in the detail. */
function errorOf(problem: Problem, { headers }: Response): SimilarityError {
  const isKnown = Object.hasOwn(ERRORS, problem.code)
  const code: ErrorCode = isKnown ? problem.code : 'internal'
  const retryAfter = Number(headers.get('Retry-After') ?? NaN)
  return new SimilarityError(code, {
    detail: isKnown ? problem.detail : `${problem.code}: ${problem.detail} ${problem.fix}`,
    requestId: problem.requestId,
    ...problem.taskId !== undefined && { taskId: problem.taskId },
    ...problem.errors !== undefined && { errors: problem.errors },
    ...Number.isFinite(retryAfter) && { retryAfterSeconds: retryAfter },
  })
}
