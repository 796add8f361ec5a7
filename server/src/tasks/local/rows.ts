import { z } from 'zod'
import { ErrorCodeSchema, TaskStateSchema } from '@datashare-similarity/shared/contract'
import { ProjectColumn } from '../rows.ts'

const text = z.string()
const integer = z.int()

export const ChildSchema = z.object({ id: text, state: TaskStateSchema })
export const ChildCountsSchema = z.object({ total: integer, done: integer, error: integer })
export const FailureSchema = z.object({ document_id: text, code: ErrorCodeSchema })

export const GenerationRowSchema = z.object({
  id: text,
  project: ProjectColumn,
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
