import { z } from 'zod'
import { LIMITS, SEARCH_MODES, STRENGTHS } from '../constants.ts'
import { DocumentIdSchema, TaskStateSchema } from './common.ts'
import { CoverageSchema } from './projects.ts'

const text = z.string().trim().min(1).max(LIMITS.textCharacters)
const day = z.union([z.iso.date(), z.iso.datetime({ offset: true })])
const names = z.array(z.string().min(1).max(500)).max(LIMITS.filterValues)

/** Offsets are UTF-16 units of `content`, end exclusive. */
const PassageRangeSchema = z.strictObject({ start: z.int().min(0), end: z.int().min(1) })
  .refine(({ start, end }) => start < end, { error: 'start must be before end', path: ['end'] })

/** An example is a document of the project, a passage of one, or a text. */
export const ExampleSchema = z.union([
  z.strictObject({ documentId: DocumentIdSchema, passage: PassageRangeSchema.optional() }),
  z.strictObject({ text }),
]).meta({ id: 'Example' })

export const FiltersSchema = z.strictObject({
  contentType: names.optional(),
  language: names.optional(),
  /** A folder: documents in it and below it. */
  path: z.string().min(1).max(4_096).optional(),
  creationDate: z.strictObject({ from: day.optional(), to: day.optional() })
    .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) <= Date.parse(to), { error: 'from must not be after to', path: ['to'] })
    .optional(),
  tags: names.optional(),
  excludeDocumentIds: z.array(DocumentIdSchema).max(1_000).optional(),
  /** A document whose attachments, container and siblings are left out. */
  excludeFamilyOf: DocumentIdSchema.optional(),
}).meta({ id: 'Filters' })

/** A search that runs as a task, where Temporal runs the tasks. */
export const SearchTaskRequestSchema = z.strictObject({
  queries: z.array(text).min(1).max(LIMITS.queries),
  size: z.int().min(1).max(LIMITS.size).default(10),
}).meta({ id: 'SearchTaskRequest' })

export const SearchTaskSchema = z.object({
  id: z.string(),
  state: TaskStateSchema,
  /** For each query, in order, the documents that the caller may see, best first; null until the task is DONE. */
  documentIds: z.array(z.array(DocumentIdSchema)).nullable(),
}).meta({ id: 'SearchTask' })

const exampleText = (example: z.infer<typeof ExampleSchema>): string => ('text' in example ? example.text : '')

export const SimilarRequestSchema = z.strictObject({
  queries: z.array(text).max(LIMITS.queries).default([]),
  like: z.array(ExampleSchema).max(LIMITS.likes).default([]),
  unlike: z.array(ExampleSchema).max(LIMITS.unlikes).default([]),
  filters: FiltersSchema.default({}),
  mode: z.enum(SEARCH_MODES).default('hybrid'),
  size: z.int().min(1).max(LIMITS.size).default(10),
  from: z.int().min(0).default(0),
  minimumStrength: z.enum(['near-identical', 'strong', 'related', 'weak']).default('weak'),
  foldDuplicates: z.boolean().default(true),
  generation: z.string().min(1).max(100).nullable().default(null),
}).superRefine((request, context) => {
  if (request.queries.length + request.like.length === 0) {
    context.addIssue({ code: 'custom', path: ['queries'], message: 'at least one query or like is needed' })
  }
  if (request.from + request.size > LIMITS.window) {
    context.addIssue({ code: 'custom', path: ['from'], message: `from + size may be ${LIMITS.window} at most` })
  }
  const characters = [...request.queries, ...request.like.map(exampleText), ...request.unlike.map(exampleText)].reduce((sum, part) => sum + part.length, 0)
  if (characters > LIMITS.totalCharacters) {
    context.addIssue({ code: 'custom', path: ['queries'], message: `queries and examples may have ${LIMITS.totalCharacters} characters together` })
  }
}).meta({ id: 'SimilarRequest' })

export const StrengthSchema = z.enum(STRENGTHS).meta({ id: 'Strength' })

export const ResultPassageSchema = z.object({
  start: z.int(),
  end: z.int(),
  text: z.string(),
  /** Parts of `text` to mark: offsets into it. */
  highlights: z.array(z.tuple([z.int(), z.int()])),
  /** The passage of the source document that this one answers. */
  matches: z.object({ documentId: DocumentIdSchema, start: z.int(), end: z.int(), text: z.string() }).optional(),
  sharedTerms: z.array(z.string()),
}).meta({ id: 'ResultPassage' })

/** A document with the same text, or nearly. */
export const DocumentCopySchema = z.object({
  documentId: DocumentIdSchema,
  rootId: DocumentIdSchema,
  title: z.string(),
  path: z.string(),
  /** How much of the text is the same: 1 for all of it, less where words differ. */
  similarity: z.number().min(0).max(1),
}).meta({ id: 'DocumentCopy' })

export const SimilarDocumentSchema = z.object({
  documentId: DocumentIdSchema,
  rootId: DocumentIdSchema,
  title: z.string(),
  path: z.string(),
  contentType: z.string(),
  language: z.string(),
  creationDate: z.string().nullable(),
  strength: StrengthSchema,
  /** 1-based rank in each list, null where the list does not have it. */
  ranks: z.object({ meaning: z.int().nullable(), words: z.int().nullable(), document: z.int().nullable() }),
  passages: z.array(ResultPassageSchema).max(LIMITS.passages),
  /** Its copies, which are not among the results: the most similar first. */
  duplicates: z.array(DocumentCopySchema),
}).meta({ id: 'SimilarDocument' })

export const ResultGroupSchema = z.object({
  query: z.union([z.object({ index: z.int(), text: z.string() }), z.object({ like: z.literal(true) })]),
  documents: z.array(SimilarDocumentSchema),
  hasMore: z.boolean(),
  /** Of documents that are examples: their copies, which are not among the results. Empty for a query. */
  copies: z.array(DocumentCopySchema),
}).meta({ id: 'ResultGroup' })

export const SimilarAnswerSchema = z.object({
  results: z.array(ResultGroupSchema),
  generation: z.string().nullable(),
  coverage: CoverageSchema,
  degraded: z.literal('words-only').nullable(),
  tookMs: z.number(),
}).meta({ id: 'SimilarAnswer' })
