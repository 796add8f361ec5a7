import type { Task, TaskState, VectorizeMode } from '@datashare-similarity/shared'
import type { Caller, GrantedProject } from '../datashare/access.ts'
import type { Generations } from '../store/generation.ts'

export interface FoundByTask {
  readonly state: TaskState
  /** For each query, in order, best first, whoever may see them; null until it is DONE. */
  readonly documentIds: readonly (readonly string[])[] | null
}

/** Searches that run as tasks. */
export interface SearchTasks {
  /** @returns its id @throws SimilarityError temporal_unreachable | datashare_unreachable */
  start(project: GrantedProject, request: { readonly queries: readonly string[], readonly size: number }): Promise<string>
  /** Null for one that is unknown, of another project, or of another caller. @throws SimilarityError temporal_unreachable */
  get(project: GrantedProject, id: string): Promise<FoundByTask | null>
}

export interface StartRequest {
  readonly mode: VectorizeMode
  readonly batchSize?: number | undefined
  /** Registry id; null = the project's own, or the default for its first vectorization. */
  readonly model?: string | undefined
}

/**
 * Runs the chain create_vectorization_tasks → vectorize_docs. Every method takes the proof of who may see or do it;
 * whether a role suffices is asked by http before.
 */
export interface TaskEngine {
  readonly kind: 'local' | 'temporal'
  /** @throws SimilarityError chain_running | model_unknown | model_differs | elasticsearch_unreachable … */
  start(project: GrantedProject, request: StartRequest): Promise<Task>
  /** Null for an unknown task and for one of a project that the caller may not read. */
  get(caller: Caller, id: string): Promise<Task | null>
  /** The chains of the given projects, newest first; with `parent`, the vectorize_docs tasks of that chain, in order. */
  list(projects: readonly GrantedProject[], page: { from: number, size: number }, parent?: string): Promise<{ tasks: Task[], total: number }>
  /** The project's running chain, else its last one. */
  latest(project: GrantedProject): Promise<Task | null>
  /** Returns at once with phase `cancelling`; CANCELLED is set when nothing writes any more. @throws task_finished | task_of_chain */
  cancel(caller: Caller, id: string): Promise<Task>
  /** A new task that goes on with the unfinished generation. @throws task_not_finished | task_finished (DONE, or nothing is left to go on with) | task_of_chain */
  resume(caller: Caller, id: string): Promise<Task>
  /** @throws task_not_finished | task_of_chain */
  forget(caller: Caller, id: string): Promise<void>
  /** Removes the project's vectors, all generations. @throws chain_running */
  wipe(project: GrantedProject): Promise<void>
  /** Null where only chains are tasks. */
  readonly searches: SearchTasks | null
  /** @throws SimilarityError temporal_unreachable */
  ping(): Promise<void>
  /** Resolves when nothing runs: tests drain instead of sleeping. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** An engine with what others read of its records. */
export interface OpenedEngine {
  readonly engine: TaskEngine
  readonly generations: Generations
  /** Characters a second, measured by earlier chains with this model; null where there were none. */
  readonly measuredRate: (modelId: string) => Promise<number | null>
  /** How many chains there are on record, by state. */
  readonly chains: () => Promise<Readonly<Record<string, number>>>
}
