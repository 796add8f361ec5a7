import { z } from 'zod'
import { LIMITS, TASK_NAMES, VECTORIZE_MODES } from '@datashare-similarity/shared'
import { ErrorCodeSchema, TaskPhaseSchema, TaskStateSchema } from '@datashare-similarity/shared/contract'
import { projectName } from '../../datashare/access.ts'

const text = z.string()
const integer = z.int()
const project = text.transform(projectName)

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

/** A row of `tasks` without its arguments, which are read on their own where they are needed. */
export const TaskRowSchema = z.object({
  sequence: integer,
  id: text,
  name: z.enum([TASK_NAMES.createVectorizationTasks, TASK_NAMES.vectorizeDocs]),
  project,
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

export const CountsSchema = z.object({
  documents: integer, done: integer, empty: integer, failed: integer, passages: integer, weight: integer, weight_done: integer,
})
export type Counts = z.infer<typeof CountsSchema>

export const ChildSchema = z.object({ id: text, state: TaskStateSchema })
export const ChildCountsSchema = z.object({ total: integer, done: integer, error: integer })
export const FailureSchema = z.object({ document_id: text, code: ErrorCodeSchema })

const BackgroundSchema = z.object({ median: z.number(), deviation: z.number() })
export const CalibrationSchema = z.object({ passages: BackgroundSchema, queries: BackgroundSchema })

export const GenerationRowSchema = z.object({
  id: text,
  project,
  model_id: text,
  model_revision: text,
  dimensions: integer,
  passage_rules: text,
  state: z.enum(['building', 'current', 'retired']),
  calibration: z.string().nullable(),
  evaluation: z.string().nullable(),
  created_at: text,
  updated_at: text,
})
