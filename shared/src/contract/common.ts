import { z } from 'zod'
import { LIMITS, PROJECT_NAME, TASK_STATES } from '../constants.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'

const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]

export const ErrorCodeSchema = z.enum(errorCodes).meta({ id: 'ErrorCode', description: 'Permanent error codes' })

export const TaskStateSchema = z.enum(TASK_STATES)

/** RFC 9457, with our code, fix and request id. */
export const ProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: ErrorCodeSchema,
  fix: z.string(),
  requestId: z.string(),
  taskId: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
}).meta({ id: 'Problem' })

export const ProjectNameSchema = z.string().regex(PROJECT_NAME).meta({ id: 'ProjectName', example: 'meridian' })
/** Datashare's ids are 96 hex characters, but any id of an index is taken; the length guards against abuse. */
export const DocumentIdSchema = z.string().min(1).max(LIMITS.documentId)

export const PaginationSchema = z.object({ count: z.int(), from: z.int(), size: z.int(), total: z.int() }).meta({ id: 'Pagination' })

export const PageQuerySchema = z.object({
  from: z.coerce.number().int().min(0).max(1_000_000).default(0),
  size: z.coerce.number().int().min(1).max(LIMITS.size).default(10),
})

/** Datashare's list shape. */
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), pagination: PaginationSchema })
