import type { z } from 'zod'
import type * as contract from './contract/index.ts'

export type Problem = z.infer<typeof contract.ProblemSchema>
export type Pagination = z.infer<typeof contract.PaginationSchema>
export type Info = z.infer<typeof contract.InfoSchema>
export type Live = z.infer<typeof contract.LiveSchema>
export type Ready = z.infer<typeof contract.ReadySchema>
export type Model = z.infer<typeof contract.ModelSchema>
export type Task = z.infer<typeof contract.TaskSchema>
export type TaskState = Task['state']
export type TaskPhase = NonNullable<Task['phase']>
export type TaskList = z.infer<typeof contract.TaskListSchema>
/** What a caller may send: defaults may be left out. */
export type VectorizeRequest = z.input<typeof contract.VectorizeRequestSchema>
export type VectorizeMode = Task['mode']
export type Coverage = z.infer<typeof contract.CoverageSchema>
export type Project = z.infer<typeof contract.ProjectSchema>
export type ProjectList = z.infer<typeof contract.ProjectListSchema>
export type Evaluation = z.infer<typeof contract.EvaluationSchema>
export type KnownItemScore = z.infer<typeof contract.KnownItemScoreSchema>
export type Estimate = z.infer<typeof contract.EstimateSchema>
export type DocumentStatus = z.infer<typeof contract.DocumentStatusSchema>
export type DocumentStatusList = z.infer<typeof contract.DocumentStatusListSchema>
export type Example = z.infer<typeof contract.ExampleSchema>
export type Filters = z.infer<typeof contract.FiltersSchema>
/** A request as the server works with it: parsed, defaults filled in. */
export type SimilarQuery = z.output<typeof contract.SimilarRequestSchema>
export type SimilarRequest = z.input<typeof contract.SimilarRequestSchema>
export type SearchTaskRequest = z.input<typeof contract.SearchTaskRequestSchema>
export type SearchTask = z.infer<typeof contract.SearchTaskSchema>
export type SimilarAnswer = z.infer<typeof contract.SimilarAnswerSchema>
export type ResultGroup = z.infer<typeof contract.ResultGroupSchema>
export type SimilarDocument = z.infer<typeof contract.SimilarDocumentSchema>
export type ResultPassage = z.infer<typeof contract.ResultPassageSchema>
export type DocumentCopy = z.infer<typeof contract.DocumentCopySchema>
export type Strength = z.infer<typeof contract.StrengthSchema>
