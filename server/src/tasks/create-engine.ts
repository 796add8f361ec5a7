import { FINISHED_STATES, SimilarityError, type Task } from '@datashare-similarity/shared'
import type { Caller, GrantedProject, ProjectName } from '../datashare/access.ts'
import type { DocumentSource } from '../datashare/source.ts'
import type { Embedders } from '../embedding/embedder.ts'
import type { Logger } from '../log.ts'
import type { Generation, Generations } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import { dropGeneration } from '../vectorize/choose-generation.ts'
import { DEFAULT_BATCH_SIZE } from '../vectorize/create-vectorization-tasks.ts'
import type { StartRequest, TaskEngine } from './engine.ts'
import type { ChainArgs, ChainSpec, TaskRow } from './rows.ts'

/** How long a replaced generation stays for the searches that still read it. */
export const RETIRE_AFTER_MS = 30_000

/** The ledger of a process answers at once, that of a cluster does not. */
type Awaitable<T> = T | Promise<T>

/** The rows of tasks, as far as both engines ask for them. */
export interface EngineLedger {
  get(id: string): Awaitable<TaskRow | null>
  /** @throws SimilarityError chain_running where another request was faster */
  addChain(spec: ChainSpec): Awaitable<TaskRow>
  chainArgs(id: string): Awaitable<ChainArgs>
  runningChain(project: ProjectName): Awaitable<TaskRow | null>
  latestChain(project: ProjectName): Awaitable<TaskRow | null>
  /** The task that has resumed this one, or one of those that did, and has not failed or been cancelled itself. */
  unfailedHeir(id: string): Awaitable<TaskRow | null>
  forget(id: string): Awaitable<void>
  /** Takes all generations of a project out of use, so that nobody finds one whose tables are being dropped. @throws SimilarityError chain_running, also where a chain began a moment ago */
  retireAll(project: ProjectName): Awaitable<void>
}

/** Which generations a project has, and what the engine needs to clean up. */
export interface EngineGenerations extends Generations {
  byId(id: string, project: ProjectName): Awaitable<Generation | null>
  retire(id: string): Awaitable<void>
  /** Of all projects. */
  inUse(): Awaitable<Generation[]>
}

/** Keeps chains running. */
export interface EngineRunner {
  /** Aborted when it closes. */
  readonly closing: AbortSignal
  /** Begins a chain that was just written. */
  run(chain: TaskRow, project: GrantedProject): Awaitable<void>
  /** For a chain that is not finished. */
  cancel(chain: TaskRow): Awaitable<void>
  idle(): Promise<void>
}

export interface EngineView {
  show(row: TaskRow): Awaitable<Task>
  /** The chains of projects, newest first; with `parent` the batches of that chain, in order. */
  page(projects: readonly ProjectName[], page: { from: number, size: number }, parent: string | undefined): Awaitable<{ tasks: Task[], total: number }>
}

interface EngineParts {
  readonly kind: TaskEngine['kind']
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly ledger: EngineLedger
  readonly generations: EngineGenerations
  readonly runner: EngineRunner
  readonly view: EngineView
  readonly defaultBatchSize?: number
  readonly searches: TaskEngine['searches']
  /** Asks for what runs the chains. */
  readonly ping: () => Promise<void>
  readonly close: () => Promise<void>
}

/** What may be begun, stopped, resumed and forgotten: the same rules whoever runs the chains. */
export function createEngine(parts: EngineParts): TaskEngine {
  const { source, ledger, runner, view } = parts

  const refuseWhileRunning = async (project: ProjectName): Promise<void> => {
    const running = await ledger.runningChain(project)
    if (running !== null) throw new SimilarityError('chain_running', { taskId: running.id })
  }
  /** The batches of a chain are stopped, resumed and forgotten with it, never alone. @throws SimilarityError task_unknown | task_of_chain */
  const chainFor = async (caller: Caller, id: string): Promise<{ chain: TaskRow, project: GrantedProject }> => {
    const chain = await ledger.get(id)
    const project = chain === null ? null : caller.mayRead(chain.project)
    if (chain === null || project === null) throw new SimilarityError('task_unknown')
    if (chain.parent !== null) throw new SimilarityError('task_of_chain', { taskId: chain.parent, detail: `The task belongs to the chain "${chain.parent}".` })
    return { chain, project }
  }
  const begin = async (project: GrantedProject, spec: Omit<ChainSpec, 'project' | 'createdBy'>): Promise<Task> => {
    await refuseWhileRunning(project.name)
    const whole = { ...spec, project: project.name, createdBy: project.caller.uid }
    await refuseOtherModel(parts, whole)
    await source.count(project.name, runner.closing)
    runner.closing.throwIfAborted()
    // Another request may have been faster.
    await refuseWhileRunning(project.name)
    const row = await ledger.addChain(whole)
    await runner.run(row, project)
    return view.show(row)
  }

  return {
    kind: parts.kind,
    searches: parts.searches,
    async start(project, request) {
      await refuseWhileRunning(project.name)
      return begin(project, { mode: request.mode, args: await argsFor(parts, project.name, request) })
    },
    async get(caller, id) {
      const row = await ledger.get(id)
      return row === null || caller.mayRead(row.project) === null ? null : view.show(row)
    },
    list: async (projects, page, parent) => view.page(projects.map(({ name }) => name), page, parent),
    async latest(project) {
      const row = await ledger.latestChain(project.name)
      return row === null ? null : view.show(row)
    },
    async cancel(caller, id) {
      const { chain } = await chainFor(caller, id)
      if (isFinished(chain)) throw new SimilarityError('task_finished', { taskId: chain.id })
      await runner.cancel(chain)
      return view.show(await ledger.get(chain.id) ?? chain)
    },
    async resume(caller, id) {
      const { chain, project } = await chainFor(caller, id)
      if (!isFinished(chain)) throw new SimilarityError('task_not_finished', { taskId: chain.id })
      await refuseWhileRunning(chain.project)
      await refuseSettled(parts, chain)
      const { generation, mode } = chain
      return begin(project, { mode, args: await ledger.chainArgs(chain.id), resumes: { id: chain.id, generation } })
    },
    async forget(caller, id) {
      const { chain } = await chainFor(caller, id)
      if (!isFinished(chain)) throw new SimilarityError('task_not_finished', { taskId: chain.id })
      await ledger.forget(chain.id)
    },
    async wipe({ name: project }) {
      await refuseWhileRunning(project)
      await ledger.retireAll(project)
      // A chain that has begun since builds one of its own
      const retired = (await parts.generations.all(project)).filter(({ state }) => state === 'retired')
      for (const generation of retired) await dropGeneration(parts, generation)
    },
    ping: parts.ping,
    idle: () => runner.idle(),
    close: parts.close,
  }
}

/** Of another version of the companion nothing can be read: such projects are as if never vectorized, and their vectors go. */
export async function retireMisfits({ store, generations, log }: { store: VectorStore, generations: EngineGenerations, log: Logger }): Promise<void> {
  for (const generation of await generations.inUse()) {
    if (await store.fits(generation)) continue
    await generations.retire(generation.id)
    log.warn({ project: generation.project, generation: generation.id }, 'the vectors of this project were laid out by another version of the companion: vectorize it again')
  }
}

export const isFinished = ({ state }: TaskRow): boolean => (FINISHED_STATES as readonly string[]).includes(state)

/**
 * There is nothing to go on with where the task, or one that resumed it, has been brought to its end,
 * and where the generation that a rebuild has left unfinished was finished or replaced by another task.
 * @throws SimilarityError task_finished
 */
async function refuseSettled({ ledger, generations }: EngineParts, { id, project, state, mode, generation }: TaskRow): Promise<void> {
  if (state === 'DONE') throw new SimilarityError('task_finished', { taskId: id })
  const heir = await ledger.unfailedHeir(id)
  if (heir !== null) throw new SimilarityError('task_finished', { taskId: heir.id, detail: `The task was resumed already, by "${heir.id}".` })
  if (mode !== 'rebuild' || generation === null || (await generations.byId(generation, project))?.state === 'building') return
  throw new SimilarityError('task_finished', { taskId: id, detail: 'What the task has left unfinished was replaced by a later task.' })
}

/** Also for what is resumed: the project may have been rebuilt with another model since. @throws SimilarityError model_differs */
async function refuseOtherModel({ generations }: EngineParts, { project, mode, args }: ChainSpec): Promise<void> {
  const current = await generations.current(project)
  if (current === null || mode === 'rebuild' || args.modelId === current.modelId) return
  throw new SimilarityError('model_differs', { detail: `The project was vectorized with "${current.modelId}"; "${mode}" keeps it.` })
}

/** @throws SimilarityError model_unknown | model_missing */
async function argsFor({ embedders, generations, defaultBatchSize }: EngineParts, project: ProjectName, { batchSize, model }: StartRequest): Promise<ChainArgs> {
  const current = await generations.current(project)
  const modelId = model ?? current?.modelId ?? (await generations.building(project))?.modelId ?? embedders.defaultModel.id
  await embedders.check(modelId)
  return { batchSize: batchSize ?? defaultBatchSize ?? DEFAULT_BATCH_SIZE, modelId }
}
