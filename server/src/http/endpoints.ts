import type { z } from 'zod'
import type { ErrorCode } from '@datashare-similarity/shared'
import {
  DocumentIdSchema, DocumentStatusListSchema, DocumentStatusSchema, DocumentsQuerySchema, EstimateQuerySchema, EstimateSchema, EvaluationSchema, InfoSchema, LiveSchema, ModelsSchema,
  PageQuerySchema, ProjectListSchema, ProjectNameSchema, ProjectSchema, ReadySchema, SearchTaskRequestSchema, SearchTaskSchema, SimilarAnswerSchema, SimilarRequestSchema, TaskAnswerSchema,
  TaskListSchema, TaskSchema, TasksQuerySchema, VectorizeRequestSchema,
} from '@datashare-similarity/shared/contract'
import { z as zod } from 'zod'

export interface Endpoint {
  readonly method: 'get' | 'post' | 'delete'
  /** In OpenAPI's notation. */
  readonly path: string
  readonly summary: string
  /** open: no sign-in. caller: Datashare must know who asks. project: and let them read the project of the path. */
  readonly access: 'open' | 'caller' | 'project'
  readonly params?: Readonly<Record<string, z.ZodType>>
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly answer?: z.ZodType
  readonly status: 200 | 202 | 204
  readonly errors: readonly ErrorCode[]
}

const project = { project: ProjectNameSchema }
const task = { id: zod.string().min(1).max(100) }

/** Every route of the companion: binding, OpenAPI document and handlers' types all come from this table. */
export const endpoints = {
  live: { method: 'get', path: '/health/live', summary: 'The process answers', access: 'open', answer: LiveSchema, status: 200, errors: [] },
  ready: { method: 'get', path: '/health/ready', summary: 'Model loaded, store open, Elasticsearch, Datashare and, where it is the engine, Temporal reachable; 503 says which is not', access: 'open', answer: ReadySchema, status: 200, errors: [] },
  info: { method: 'get', path: '/api/info', summary: 'Versions and parts of this companion', access: 'open', answer: InfoSchema, status: 200, errors: [] },
  models: { method: 'get', path: '/api/models', summary: 'The model registry, and which model is in use', access: 'open', answer: ModelsSchema, status: 200, errors: [] },
  projects: { method: 'get', path: '/api/projects', summary: 'The projects that the caller may read', access: 'caller', query: PageQuerySchema, answer: ProjectListSchema, status: 200, errors: [] },
  project: { method: 'get', path: '/api/projects/{project}', summary: 'State, coverage and running task of a project', access: 'project', params: project, answer: ProjectSchema, status: 200, errors: [] },
  estimate: { method: 'get', path: '/api/projects/{project}/estimate', summary: 'What vectorizing would cost now', access: 'project', params: project, query: EstimateQuerySchema, answer: EstimateSchema, status: 200, errors: ['elasticsearch_unreachable', 'model_unknown'] },
  documents: { method: 'get', path: '/api/projects/{project}/documents', summary: 'Documents of one status', access: 'project', params: project, query: DocumentsQuerySchema, answer: DocumentStatusListSchema, status: 200, errors: [] },
  document: { method: 'get', path: '/api/projects/{project}/documents/{documentId}', summary: 'Status of one document', access: 'project', params: { ...project, documentId: DocumentIdSchema }, answer: DocumentStatusSchema, status: 200, errors: ['document_unknown'] },
  vectorize: { method: 'post', path: '/api/projects/{project}/vectorize', summary: 'Start the chain create_vectorization_tasks → vectorize_docs', access: 'project', params: project, body: VectorizeRequestSchema, answer: TaskAnswerSchema, status: 202, errors: ['role_too_low', 'role_unknown', 'chain_running', 'model_unknown', 'model_differs', 'model_missing', 'elasticsearch_unreachable', 'index_missing'] },
  evaluate: { method: 'post', path: '/api/projects/{project}/evaluate', summary: 'Measure with the project itself how well it is searched', access: 'project', params: project, answer: EvaluationSchema, status: 200, errors: ['role_too_low', 'role_unknown', 'not_vectorized', 'embedder_unavailable', 'model_missing', 'model_changed', 'deadline_exceeded'] },
  wipe: { method: 'delete', path: '/api/projects/{project}/vectors', summary: 'Remove the passages and vectors of a project', access: 'project', params: project, status: 204, errors: ['role_too_low', 'role_unknown', 'chain_running'] },
  similar: { method: 'post', path: '/api/projects/{project}/similar', summary: 'find_most_similar: the documents most like queries and examples', access: 'project', params: project, body: SimilarRequestSchema, answer: SimilarAnswerSchema, status: 200, errors: ['document_unknown', 'passage_outside', 'filter_too_broad', 'generation_changed', 'embedder_unavailable', 'model_missing', 'model_changed', 'rate_limited', 'deadline_exceeded'] },
  startSearchTask: { method: 'post', path: '/api/projects/{project}/similar/tasks', summary: 'find_most_similar as a task, where Temporal runs the tasks: it gives document ids only', access: 'project', params: project, body: SearchTaskRequestSchema, answer: SearchTaskSchema, status: 202, errors: ['search_task_unavailable', 'temporal_unreachable'] },
  searchTask: { method: 'get', path: '/api/projects/{project}/similar/tasks/{id}', summary: 'What a search that ran as a task has found, as far as the caller may see it', access: 'project', params: { ...project, ...task }, answer: SearchTaskSchema, status: 200, errors: ['task_unknown', 'temporal_unreachable'] },
  tasks: { method: 'get', path: '/api/tasks', summary: 'The chains of the caller\'s projects, or the batches of one chain', access: 'caller', query: TasksQuerySchema, answer: TaskListSchema, status: 200, errors: ['project_forbidden', 'task_unknown'] },
  task: { method: 'get', path: '/api/tasks/{id}', summary: 'State and progress of a task', access: 'caller', params: task, answer: TaskSchema, status: 200, errors: ['task_unknown'] },
  cancel: { method: 'post', path: '/api/tasks/{id}/cancel', summary: 'Cancel a chain; confirmed by state CANCELLED', access: 'caller', params: task, answer: TaskAnswerSchema, status: 202, errors: ['task_unknown', 'not_your_task', 'role_too_low', 'role_unknown', 'task_finished', 'task_of_chain'] },
  resume: { method: 'post', path: '/api/tasks/{id}/resume', summary: 'A new task that goes on where the cancelled or failed one stood', access: 'caller', params: task, answer: TaskAnswerSchema, status: 202, errors: ['task_unknown', 'not_your_task', 'role_too_low', 'role_unknown', 'task_not_finished', 'task_finished', 'task_of_chain', 'chain_running'] },
  forget: { method: 'delete', path: '/api/tasks/{id}', summary: 'Forget a finished task', access: 'caller', params: task, status: 204, errors: ['task_unknown', 'not_your_task', 'role_too_low', 'role_unknown', 'task_not_finished', 'task_of_chain'] },
} as const satisfies Record<string, Endpoint>

export type Endpoints = typeof endpoints
export type EndpointName = keyof Endpoints
