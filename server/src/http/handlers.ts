import type { z } from 'zod'
import { API_VERSION, SimilarityError, type Pagination, type Task } from '@datashare-similarity/shared'
import { ErrorCodeSchema } from '@datashare-similarity/shared/contract'
import type { Caller, GrantedProject } from '../datashare/access.ts'
import type { DocumentRow } from '../store/store.ts'
import type { TaskEngine } from '../tasks/engine.ts'
import type { Companion } from './companion.ts'
import type { EndpointName, Endpoints } from './endpoints.ts'
import { readiness } from './health.ts'
import { projectStatus } from './project-status.ts'

export interface Answer { readonly body?: unknown, readonly status?: number, readonly location?: string }

type Parsed<E, K extends string> = E extends Record<K, infer S> ? S extends z.ZodType ? z.output<S> : undefined : undefined
type Params<E> = E extends { params: infer P } ? { [K in keyof P]: P[K] extends z.ZodType ? z.output<P[K]> : never } : object
type Proofs<E> = E extends { access: 'project' } ? { caller: Caller, project: GrantedProject } : E extends { access: 'caller' } ? { caller: Caller } : object
type HandlerCall<E> = Proofs<E> & { params: Params<E>, query: Parsed<E, 'query'>, body: Parsed<E, 'body'>, signal: AbortSignal }
type AnswerOf<E> = E extends { answer: infer S extends z.ZodType } ? Omit<Answer, 'body'> & { body: z.input<S> } : Omit<Answer, 'body'>

/** One handler per endpoint; a missing or surplus one does not compile. */
export type Handlers = { [K in EndpointName]: (call: HandlerCall<Endpoints[K]>) => Promise<AnswerOf<Endpoints[K]>> }

/** A search may take this long, its turn waited for included. */
const DEADLINE_MS = 30_000
/** Some hundred searches, one after the other. */
const EVALUATION_DEADLINE_MS = 240_000

/** A search keeps several cores busy; a panel asks one or two at a time. */
export const SEARCHES = { atOnce: 6, atOncePerCaller: 2, waiting: 128, waitingPerCaller: 32 }

export const createHandlers = (companion: Companion): Handlers => ({
  ...openHandlers(companion),
  ...projectHandlers(companion),
  ...taskHandlers(companion),
})

const openHandlers = ({ version, access, source, store, embedders, engine }: Companion): Pick<Handlers, 'live' | 'ready' | 'info' | 'models'> => ({
  live: () => Promise.resolve({ body: { live: true as const } }),
  ready: async () => {
    const body = await readiness({ access, source, store, embedders, engine })
    return { body, status: body.ready ? 200 : 503 }
  },
  info: async () => {
    const datashare = await access.version()
    return { body: { version, apiVersion: API_VERSION, datashare: { reachable: datashare !== null, version: datashare }, model: embedders.defaultModel.id, store: store.kind, engine: engine.kind } }
  },
  models: async () => {
    const models = await embedders.models()
    return { body: { items: models.map(({ id, dimensions, maxTokens, languages, licence, bytes, bundled, installed }) => ({ id, dimensions, maxTokens, languages: [...languages], licence, bytes, bundled, installed, inUse: id === embedders.defaultModel.id })) } }
  },
})

const projectHandlers = (companion: Companion): Pick<Handlers, 'projects' | 'project' | 'estimate' | 'evaluate' | 'documents' | 'document' | 'vectorize' | 'wipe' | 'similar' | 'startSearchTask' | 'searchTask'> => ({
  ...searchHandlers(companion),
  projects: async ({ caller, query: { from, size } }) => {
    const names = caller.projects.toSorted()
    const items = await Promise.all(names.slice(from, from + size).map(name => projectStatus(companion, caller.grant(name))))
    return { body: { items, pagination: pagination(items, from, size, names.length) } }
  },
  project: async ({ project }) => ({ body: await projectStatus(companion, project) }),
  estimate: async ({ project, query }) => ({ body: await companion.estimate(project.name, query) }),
  evaluate: async ({ project, caller, signal: gone }) => {
    await caller.demandVectorize(project)
    return { body: await companion.evaluate(project, AbortSignal.any([gone, AbortSignal.timeout(EVALUATION_DEADLINE_MS)])) }
  },
  documents: async ({ project, query: { status, from, size }, signal }) => {
    const generation = await companion.generations.current(project.name)
    const { rows, total } = generation === null ? { rows: [], total: 0 } : await companion.store.rowsByStatus(project, generation, status, { from, size })
    const visible = await companion.hydrator.documents(project, rows.map(({ documentId }) => documentId), signal)
    const items = rows.map(row => ({ ...documentStatus(row), title: visible.get(row.documentId)?.title ?? null, rootId: visible.get(row.documentId)?.rootId ?? null }))
    return { body: { items, pagination: pagination(rows, from, size, total) } }
  },
  document: async ({ project, params: { documentId }, signal }) => {
    const visible = await companion.hydrator.documents(project, [documentId], signal)
    if (!visible.has(documentId)) throw new SimilarityError('document_unknown')
    const generation = await companion.generations.current(project.name)
    const row = generation === null ? null : await companion.store.row(project, generation, documentId)
    return { body: row === null ? { documentId, status: 'missing' as const, reason: null, passages: 0, truncated: false, vectorizedAt: null } : documentStatus(row) }
  },
  vectorize: async ({ project, caller, body }) => {
    await caller.demandVectorize(project)
    return accepted(await companion.engine.start(project, body))
  },
  wipe: async ({ project, caller }) => {
    await caller.demandVectorize(project)
    await companion.engine.wipe(project)
    return {}
  },
})

const searchHandlers = ({ findMostSimilar, searches, engine, hydrator }: Companion): Pick<Handlers, 'similar' | 'startSearchTask' | 'searchTask'> => ({
  similar: async ({ project, caller, body, signal: gone }) => {
    const signal = AbortSignal.any([gone, AbortSignal.timeout(DEADLINE_MS)])
    return { body: await searches.run(caller.uid, signal, () => findMostSimilar(project, body, signal)) }
  },
  startSearchTask: async ({ project, body }) => {
    if (engine.searches === null) throw new SimilarityError('search_task_unavailable')
    const id = await engine.searches.start(project, body)
    return { body: { id, state: 'QUEUED' as const, documentIds: null }, location: `tasks/${id}` }
  },
  searchTask: async ({ project, params: { id }, signal }) => {
    const search = await engine.searches?.get(project, id) ?? null
    if (search === null) throw new SimilarityError('task_unknown')
    // What a task has found says nothing of what its owner may see by now.
    const visible = await hydrator.documents(project, search.documentIds?.flat() ?? [], signal)
    return { body: { id, state: search.state, documentIds: search.documentIds?.map(ids => ids.filter(each => visible.has(each))) ?? null } }
  },
})

const taskHandlers = ({ engine }: Companion): Pick<Handlers, 'tasks' | 'task' | 'cancel' | 'resume' | 'forget'> => ({
  tasks: async ({ caller, query: { project, parent, from, size } }) => {
    const projects = project === undefined ? caller.projects.map(name => caller.grant(name)) : [caller.grant(project)]
    if (parent !== undefined) await readable(engine, caller, parent)
    const { tasks, total } = await engine.list(projects, { from, size }, parent)
    return { body: { items: tasks, pagination: pagination(tasks, from, size, total) } }
  },
  task: async ({ caller, params: { id } }) => ({ body: await readable(engine, caller, id) }),
  cancel: async ({ caller, params: { id } }) => {
    await stoppable(engine, caller, id)
    return accepted(await engine.cancel(caller, id))
  },
  resume: async ({ caller, params: { id } }) => {
    await stoppable(engine, caller, id)
    return accepted(await engine.resume(caller, id))
  },
  forget: async ({ caller, params: { id } }) => {
    await stoppable(engine, caller, id)
    await engine.forget(caller, id)
    return {}
  },
})

/** Relative, so that it also holds behind a reverse proxy with a path prefix. */
const accepted = (task: Task) => ({ body: { task }, location: `../../tasks/${task.id}` })

const pagination = (items: readonly unknown[], from: number, size: number, total: number): Pagination => ({ count: items.length, from, size, total })

async function readable(engine: TaskEngine, caller: Caller, id: string): Promise<Task> {
  const task = await engine.get(caller, id)
  if (task === null) throw new SimilarityError('task_unknown')
  return task
}

/** Only who started a task, or an administrator of its project, may stop or forget it, as long as they may vectorize. */
async function stoppable(engine: TaskEngine, caller: Caller, id: string): Promise<Task> {
  const task = await readable(engine, caller, id)
  const project = caller.grant(task.project)
  const { admin } = await caller.permissions(project)
  if (!admin && task.createdBy !== caller.uid) throw new SimilarityError('not_your_task')
  await caller.demandVectorize(project)
  return task
}

/** A reason that an older or newer version wrote is still a failed document. */
const reasonOf = (reason: string | null) => (reason === null ? null : ErrorCodeSchema.catch('document_failed').parse(reason))

const documentStatus = ({ documentId, status, reason, passages, truncated, vectorizedAt }: DocumentRow) =>
  ({ documentId, status, reason: reasonOf(reason), passages, truncated, vectorizedAt })
