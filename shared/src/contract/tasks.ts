import { z } from 'zod'
import { LIMITS, TASK_NAMES, TASK_PHASES, VECTORIZE_MODES } from '../constants.ts'
import { ErrorCodeSchema, PageQuerySchema, ProjectNameSchema, TaskStateSchema, listOf } from './common.ts'

export const TaskPhaseSchema = z.enum(TASK_PHASES)

export const TaskErrorSchema = z.object({ code: ErrorCodeSchema, detail: z.string(), fix: z.string() })

export const TaskSchema = z.object({
  id: z.string(),
  name: z.enum([TASK_NAMES.createVectorizationTasks, TASK_NAMES.vectorizeDocs]),
  project: ProjectNameSchema,
  state: TaskStateSchema,
  phase: TaskPhaseSchema.nullable(),
  /** What a waiting task waits for: elasticsearch, disk, embedder, datashare. */
  waitingFor: z.string().nullable(),
  progress: z.number().min(0).max(1),
  counts: z.object({ documents: z.int(), done: z.int(), empty: z.int(), failed: z.int(), passages: z.int() }),
  /** Documents per minute over the last minutes; null while unknown. */
  rate: z.number().nullable(),
  etaSeconds: z.tuple([z.number(), z.number()]).nullable(),
  failures: z.array(z.object({ documentId: z.string(), code: ErrorCodeSchema })),
  error: TaskErrorSchema.nullable(),
  parent: z.string().nullable(),
  resumes: z.string().nullable(),
  mode: z.enum(VECTORIZE_MODES),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  completedAt: z.iso.datetime().nullable(),
  children: z.array(z.object({ id: z.string(), state: TaskStateSchema })),
  childCounts: z.object({ total: z.int(), done: z.int(), error: z.int() }),
}).meta({ id: 'Task' })

export const TaskListSchema = listOf(TaskSchema).meta({ id: 'TaskList' })
export const TaskAnswerSchema = z.object({ task: TaskSchema }).meta({ id: 'TaskAnswer' })

export const TasksQuerySchema = PageQuerySchema.extend({
  project: ProjectNameSchema.optional(),
  parent: z.string().min(1).max(100).optional(),
})

export const VectorizeRequestSchema = z.strictObject({
  mode: z.enum(VECTORIZE_MODES).default('update'),
  /** Documents per vectorize_docs task. */
  batchSize: z.int().min(1).max(LIMITS.batchSize).optional(),
  model: z.string().min(1).max(200).optional(),
}).meta({ id: 'VectorizeRequest' })
