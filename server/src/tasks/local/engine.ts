import { FINISHED_STATES, SimilarityError, type Task } from '@datashare-similarity/shared'
import type { Caller, GrantedProject, ProjectName } from '../../datashare/access.ts'
import type { DocumentSource } from '../../datashare/source.ts'
import type { Embedders } from '../../embedding/embedder.ts'
import type { Logger } from '../../log.ts'
import type { Generations } from '../../store/generation.ts'
import type { VectorStore } from '../../store/store.ts'
import { dropGeneration } from '../../vectorize/choose-generation.ts'
import { DEFAULT_BATCH_SIZE } from '../../vectorize/create-vectorization-tasks.ts'
import { PATIENCE, type PatienceOptions } from '../../vectorize/patience.ts'
import type { StartRequest, TaskEngine } from '../engine.ts'
import { openDatabase } from './database.ts'
import { createGenerations, type LedgerGenerations } from './generations.ts'
import { createLedger, type ChainSpec } from './ledger.ts'
import type { ChainArgs, TaskRow } from './rows.ts'
import { createRunner } from './runner.ts'
import { createTaskView } from './task-view.ts'

export interface LocalEngineOptions {
  readonly dataDir: string
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly log: Logger
  /** vectorize_docs tasks of one chain that run at the same time. */
  readonly batchesAtOnce?: number
  readonly defaultBatchSize?: number
  readonly patience?: PatienceOptions
  /** How long a replaced generation stays for the searches that still read it. */
  readonly retireAfterMs?: number
}

export interface LocalEngine {
  readonly engine: TaskEngine
  readonly generations: Generations
  /** Characters a second, measured by earlier chains with this model; null where there were none. */
  readonly measuredRate: (modelId: string) => number | null
  /** How many chains there are on record, by state. */
  readonly chains: () => Readonly<Record<string, number>>
}

/**
 * The engine of one process, on a ledger in the data folder, which the caller has claimed. Chains that a crash or a stop has cut short go on by themselves.
 * @throws SimilarityError store_unreadable
 */
export async function openLocalEngine(options: LocalEngineOptions): Promise<LocalEngine> {
  await using opened = new AsyncDisposableStack()
  const database = await openDatabase(options.dataDir)
  opened.defer(() => database.close())
  const ledger = createLedger(database)
  const generations = createGenerations(database)
  await retireMisfits(options, generations)
  const runner = createRunner({ ...options, ledger, generations, patience: options.patience ?? PATIENCE, batchesAtOnce: options.batchesAtOnce ?? 2, retireAfterMs: options.retireAfterMs ?? 30_000 })
  opened.defer(() => runner.close())
  const view = createTaskView(database, runner.live)
  runner.open()
  const parts = opened.move()
  return { engine: createEngine({ ...options, ledger, generations, runner, view, close: () => parts.disposeAsync() }), generations, measuredRate: modelId => ledger.rate(modelId), chains: () => ledger.chainsByState() }
}

/** Of another version of the companion nothing can be read: such projects are as if never vectorized, and their files go. */
async function retireMisfits({ store, log }: LocalEngineOptions, generations: LedgerGenerations): Promise<void> {
  for (const generation of generations.inUse()) {
    if (await store.fits(generation)) continue
    generations.retire(generation.id)
    log.warn({ project: generation.project, generation: generation.id }, 'the vectors of this project were laid out by another version of the companion: vectorize it again')
  }
}

interface EngineParts extends LocalEngineOptions {
  readonly ledger: ReturnType<typeof createLedger>
  readonly generations: ReturnType<typeof createGenerations>
  readonly runner: ReturnType<typeof createRunner>
  readonly view: ReturnType<typeof createTaskView>
  readonly close: () => Promise<void>
}

function createEngine(parts: EngineParts): TaskEngine {
  const { source, ledger, runner, view } = parts
  const wiping = new Set<ProjectName>()

  const refuseWhileBusy = (project: ProjectName): void => {
    const running = ledger.runningChain(project)
    if (running !== null) throw new SimilarityError('chain_running', { taskId: running.id })
    if (wiping.has(project)) throw new SimilarityError('chain_running', { detail: 'The vectors of the project are being wiped.' })
  }
  /** The batches of a chain are stopped, resumed and forgotten with it, never alone. @throws SimilarityError task_unknown | task_of_chain */
  const chainFor = (caller: Caller, id: string): TaskRow => {
    const row = ledger.get(id)
    if (row === null || caller.mayRead(row.project) === null) throw new SimilarityError('task_unknown')
    if (row.parent !== null) throw new SimilarityError('task_of_chain', { taskId: row.parent, detail: `The task belongs to the chain "${row.parent}".` })
    return row
  }
  const begin = async (spec: ChainSpec): Promise<Task> => {
    refuseWhileBusy(spec.project)
    await refuseOtherModel(parts, spec)
    await source.count(spec.project, runner.closing)
    runner.closing.throwIfAborted()
    // Another request may have been faster.
    refuseWhileBusy(spec.project)
    const row = ledger.addChain(spec)
    runner.run(row)
    return view.show(row)
  }

  return {
    kind: 'local',
    async start(project, request) {
      refuseWhileBusy(project.name)
      const args = await argsFor(parts, project.name, request)
      return begin({ project: project.name, mode: request.mode, args, createdBy: project.caller.uid })
    },
    get: (caller, id) => answer(() => {
      const row = ledger.get(id)
      return row === null || caller.mayRead(row.project) === null ? null : view.show(row)
    }),
    list: (projects, page, parent) => answer(() => view.page(projects.map(({ name }) => name), page, parent)),
    latest: (project: GrantedProject) => answer(() => {
      const row = ledger.latestChain(project.name)
      return row === null ? null : view.show(row)
    }),
    cancel: (caller, id) => answer(() => {
      const chain = chainFor(caller, id)
      if (isFinished(chain)) throw new SimilarityError('task_finished', { taskId: chain.id })
      runner.cancel(chain)
      return view.show(ledger.get(chain.id) ?? chain)
    }),
    async resume(caller, id) {
      const chain = chainFor(caller, id)
      if (!isFinished(chain)) throw new SimilarityError('task_not_finished', { taskId: chain.id })
      refuseWhileBusy(chain.project)
      refuseSettled(parts, chain)
      const { generation, project, mode } = chain
      return begin({ project, mode, args: ledger.chainArgs(chain.id), createdBy: caller.uid, resumes: { id: chain.id, generation } })
    },
    forget: (caller, id) => answer(() => {
      const chain = chainFor(caller, id)
      if (!isFinished(chain)) throw new SimilarityError('task_not_finished', { taskId: chain.id })
      ledger.forget(chain.id)
    }),
    async wipe({ name: project }) {
      refuseWhileBusy(project)
      wiping.add(project)
      try {
        parts.generations.retireAll(project)
        for (const generation of await parts.generations.all(project)) await dropGeneration(parts, generation)
      } finally {
        wiping.delete(project)
      }
    },
    idle: () => runner.idle(),
    close: parts.close,
  }
}

/** The ledger answers at once; the port is asynchronous for the engines that do not. */
const answer = <T>(work: () => T): Promise<T> => new Promise(resolve => resolve(work()))

const isFinished = ({ state }: TaskRow): boolean => (FINISHED_STATES as readonly string[]).includes(state)

/**
 * There is nothing to go on with where the task, or one that resumed it, has been brought to its end,
 * and where the generation that a rebuild has left unfinished was finished or replaced by another task.
 * @throws SimilarityError task_finished
 */
function refuseSettled({ ledger, generations }: EngineParts, { id, state, mode, generation }: TaskRow): void {
  if (state === 'DONE') throw new SimilarityError('task_finished', { taskId: id })
  const heir = ledger.unfailedHeir(id)
  if (heir !== null) throw new SimilarityError('task_finished', { taskId: heir.id, detail: `The task was resumed already, by "${heir.id}".` })
  if (mode !== 'rebuild' || generation === null || generations.byId(generation)?.state === 'building') return
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
