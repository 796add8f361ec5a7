import { z } from 'zod'
import { LIMITS, TASK_NAMES, VECTORIZE_MODES, type VectorizeMode } from '@datashare-similarity/shared'
import { ErrorCodeSchema, TaskPhaseSchema, TaskStateSchema } from '@datashare-similarity/shared/contract'
import { projectName, type ProjectName } from '../datashare/access.ts'

const text = z.string()
const integer = z.int()

export const ProjectColumn = text.transform(projectName)

/** What a chain was asked for. */
export const ChainArgsSchema = z.object({
  batchSize: z.int().min(1).max(LIMITS.batchSize),
  modelId: text,
})
export type ChainArgs = z.infer<typeof ChainArgsSchema>

/** What a batch has to do: ids and dates, no text. */
export const BatchArgsSchema = z.object({
  documents: z.array(z.object({
    id: text,
    rootId: text,
    extractionDate: text.nullable(),
    characters: z.number(),
  })),
})

/** A task as it is on record, without its arguments, which are read on their own where they are needed. Ids, counts and codes only. */
export const TaskRowSchema = z.object({
  sequence: integer,
  id: text,
  name: z.enum([TASK_NAMES.createVectorizationTasks, TASK_NAMES.vectorizeDocs]),
  project: ProjectColumn,
  parent: text.nullable(),
  state: TaskStateSchema,
  phase: TaskPhaseSchema.nullable(),
  mode: z.enum(VECTORIZE_MODES),
  generation: text.nullable(),
  planned: integer,
  documents: integer,
  done: integer,
  empty: integer,
  failed: integer,
  passages: integer,
  weight: integer,
  weight_done: integer,
  error_code: ErrorCodeSchema.nullable(),
  error_detail: text.nullable(),
  created_by: text,
  created_at: text,
  started_at: text.nullable(),
  completed_at: text.nullable(),
  resumes: text.nullable(),
})
export type TaskRow = z.infer<typeof TaskRowSchema>

export const CountsSchema = TaskRowSchema.pick({ documents: true, done: true, empty: true, failed: true, passages: true, weight: true, weight_done: true })
export type Counts = z.infer<typeof CountsSchema>

export interface ChainSpec {
  readonly project: ProjectName
  readonly mode: VectorizeMode
  readonly args: ChainArgs
  readonly createdBy: string
  /** The task that this one resumes, and the generation it was building. */
  readonly resumes?: { readonly id: string, readonly generation: string | null }
}
