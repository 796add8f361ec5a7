import { z } from 'zod'
import { VECTORIZE_MODES } from '../constants.ts'
import { ErrorCodeSchema, DocumentIdSchema, PageQuerySchema, ProjectNameSchema, listOf } from './common.ts'
import { TaskSchema } from './tasks.ts'

/** The difference between the project's documents in Datashare and the store, not a counter. */
export const CoverageSchema = z.object({
  documents: z.int(),
  vectorized: z.int(),
  empty: z.int(),
  failed: z.int(),
  missing: z.int(),
  stale: z.int(),
  truncated: z.int(),
}).meta({ id: 'Coverage' })

/** Shares of 0 to 1. */
export const KnownItemScoreSchema = z.object({ first: z.number(), ten: z.number() }).meta({ id: 'KnownItemScore' })

/** How well a project is searched, measured with the project itself. */
export const EvaluationSchema = z.object({
  measuredAt: z.iso.datetime(),
  /** Passages of which some words had to lead back to their document. */
  items: z.int(),
  /** How many were the first result, and among the first ten: as searches are, by meaning alone, by words alone. */
  hybrid: KnownItemScoreSchema,
  meaning: KnownItemScoreSchema,
  words: KnownItemScoreSchema,
  vectors: z.int(),
  /** The share of the exact ten nearest passages that the vector index finds. */
  indexRecall: z.number(),
}).meta({ id: 'Evaluation' })

export const ProjectSchema = z.object({
  project: ProjectNameSchema,
  /** admin: may also stop and forget what others started. */
  permissions: z.object({ vectorize: z.boolean(), wipe: z.boolean(), admin: z.boolean() }),
  model: z.object({ id: z.string(), dimensions: z.int(), languages: z.array(z.string()) }),
  generation: z.string().nullable(),
  coverage: CoverageSchema,
  passages: z.int(),
  bytes: z.int(),
  /** Documents by language, as Datashare writes languages (ENGLISH, FRENCH …). */
  languages: z.record(z.string(), z.int()),
  /** What the reader should know, as codes: never_vectorized, partly_vectorized, model_language_mismatch, model_not_installed, model_outdated (made with another version of the model), coverage_pending, or the error code of what keeps coverage from being checked. */
  advice: z.array(z.string()),
  task: TaskSchema.nullable(),
  /** Null before `evaluate` was run on this generation. */
  evaluation: EvaluationSchema.nullable(),
  updatedAt: z.iso.datetime().nullable(),
}).meta({ id: 'Project' })

export const ProjectListSchema = listOf(ProjectSchema).meta({ id: 'ProjectList' })

export const EstimateQuerySchema = z.object({
  mode: z.enum(VECTORIZE_MODES).default('update'),
  /** Of a rebuild; else the project's own. */
  model: z.string().min(1).max(200).optional(),
})

export const EstimateSchema = z.object({
  documents: z.int(),
  characters: z.number(),
  etaSeconds: z.tuple([z.number(), z.number()]),
  bytes: z.number(),
}).meta({ id: 'Estimate' })

export const DOCUMENT_STATUSES = ['vectorized', 'empty', 'failed'] as const

export const DocumentStatusSchema = z.object({
  documentId: DocumentIdSchema,
  /** missing: in Datashare, but not vectorized yet. */
  status: z.enum([...DOCUMENT_STATUSES, 'missing']),
  reason: ErrorCodeSchema.nullable(),
  passages: z.int(),
  truncated: z.boolean(),
  vectorizedAt: z.iso.datetime().nullable(),
}).meta({ id: 'DocumentStatus' })

/** Title and routing are null where Datashare does not show the document to the caller. */
export const ListedDocumentSchema = DocumentStatusSchema.extend({ title: z.string().nullable(), rootId: z.string().nullable() }).meta({ id: 'ListedDocument' })
export const DocumentStatusListSchema = listOf(ListedDocumentSchema).meta({ id: 'DocumentStatusList' })
export const DocumentsQuerySchema = PageQuerySchema.extend({ status: z.enum(DOCUMENT_STATUSES).default('failed') })
