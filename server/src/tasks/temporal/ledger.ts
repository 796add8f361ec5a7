import { hash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ERRORS, SimilarityError, TASK_NAMES, type ErrorCode, type ErrorEntry } from '@datashare-similarity/shared'
import { ErrorCodeSchema } from '@datashare-similarity/shared/contract'
import type { ProjectName } from '../../datashare/access.ts'
import type { DocumentRef } from '../../datashare/source.ts'
import type { Records } from '../../store/elasticsearch/records.ts'
import { weigh } from '../../vectorize/outcome.ts'
import { isFinished, type EngineLedger } from '../create-engine.ts'
import { BatchArgsSchema, ChainArgsSchema, CountsSchema, TaskRowSchema, type ChainSpec, type Counts, type TaskRow } from '../rows.ts'
import type { ProjectRecord, Projects } from './projects.ts'
import { createSightings } from './sightings.ts'

/** A task's row, with what only a cluster has to know of it. */
export const TaskRecordSchema = TaskRowSchema.extend({
  chain: ChainArgsSchema.nullable(),
  batch: BatchArgsSchema.nullable(),
  /** What the arguments of its workflow must be: whoever starts one by hand knows an id at most. */
  args_hash: z.string(),
  model: z.string().nullable(),
  /** Shown until it has ended. */
  cancelling: z.boolean(),
  scanned: z.number(),
  waiting_for: z.string().nullable(),
  /** Of a batch, the try of the scan that has made it; of a chain, the latest one. */
  attempt: z.int(),
  embedding_since: z.string().nullable(),
  characters_per_second: z.number().nullable(),
  failures: z.array(z.object({ documentId: z.string(), code: ErrorCodeSchema })),
})
export type TaskRecord = z.infer<typeof TaskRecordSchema>

const keyword = { type: 'keyword' } as const
const long = { type: 'long' } as const
export const TASK_PROPERTIES = {
  id: keyword, project: keyword, parent: keyword, state: keyword, waiting_for: keyword, resumes: keyword, model: keyword, characters_per_second: { type: 'double' },
  attempt: long, documents: long, done: long, empty: long, failed: long, passages: long, weight: long, weight_done: long,
} as const

const WAITING = [...new Set(Object.values<ErrorEntry>(ERRORS).flatMap(({ waitFor }) => waitFor ?? []))]
const UNFINISHED = ['CREATED', 'QUEUED', 'RUNNING']
const COUNTS = Object.keys(CountsSchema.shape)
const NOTHING: Counts = { documents: 0, done: 0, empty: 0, failed: 0, passages: 0, weight: 0, weight_done: 0 }
const NEWEST = { order: 'desc', size: 1 } as const
/** A claim whose task is not written for so long is of a companion that died in between. */
const CLAIM_MS = 30_000
const BATCHES_AT_ONCE = 100

/** What the workflow of a chain is started with, beside the user. Keys in their order. */
export interface ChainWorkflowArgs {
  readonly batchSize: number
  readonly defaultProject: string
  readonly mode: string
  readonly model: string
  readonly project: string
}

export const workflowArgs = ({ project, mode, args }: ChainSpec): ChainWorkflowArgs =>
  ({ batchSize: args.batchSize, defaultProject: project, mode, model: args.modelId, project })

/** Of everything but the user, whatever the order of the keys. */
export function hashOfArgs(args: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(args).filter(([key]) => key !== 'user').sort(([a], [b]) => (a < b ? -1 : 1))
  return hash('sha256', JSON.stringify(entries))
}

/** The rows of tasks that all companions and workers share: ids, counts and codes only. */
export interface ClusterLedger extends EngineLedger {
  latestChain(project: ProjectName): Promise<TaskRecord | null>
  runningChain(project: ProjectName): Promise<TaskRecord | null>
  get(id: string): Promise<TaskRecord | null>
  /** Changes some fields. */
  change(id: string, fields: Partial<TaskRecord>): Promise<void>
  /** Those of tries of the scan before this one. */
  dropBatches(chain: string, attempt: number): Promise<void>
  addBatches(chain: TaskRow, attempt: number, from: number, batches: readonly (readonly DocumentRef[])[]): Promise<void>
  /** When what was written is found by every search. */
  seen(): Promise<void>
  /** False where Elasticsearch has made it read-only, for want of room. */
  takesWrites(): Promise<boolean>
  /** Ends a chain and what of its batches is not finished; the project is free for the next one. */
  end(chain: TaskRow, state: 'DONE' | 'CANCELLED' | 'ERROR', fault?: { code: ErrorCode, detail: string }): Promise<void>
  /** As if it had never been begun. */
  withdraw(chain: TaskRow): Promise<void>
  countsOfBatches(chain: string): Promise<Counts>
  batchStates(chain: string): Promise<Record<string, number>>
  batches(chain: string, from: number, size: number): Promise<{ records: TaskRecord[], total: number }>
  /** What one of its batches waits for; null where none does. */
  waitingBatch(chain: string): Promise<string | null>
  failedBatches(chain: string, size: number): Promise<TaskRecord[]>
  chains(projects: readonly ProjectName[], page: { from: number, size: number }): Promise<{ records: TaskRecord[], total: number }>
  chainsByState(): Promise<Record<string, number>>
  measuredRate(modelId: string): Promise<number | null>
}

/** Of the batch with this number in a scan's plan; each try of the scan makes its own. */
export const batchId = (chain: string, attempt: number, number: number): string =>
  chain.replace(TASK_NAMES.createVectorizationTasks, TASK_NAMES.vectorizeDocs).concat(`-${attempt}-${number}`)

export function createClusterLedger(records: Records<TaskRecord>, projects: Projects): ClusterLedger {
  const now = (): string => new Date().toISOString()
  const sightings = createSightings()
  const get = async (id: string): Promise<TaskRecord | null> => (await records.get(id))?.record ?? null
  const change: ClusterLedger['change'] = (id, fields) => records.merge(id, fields)

  const latestChain = async (project: ProjectName): Promise<TaskRecord | null> =>
    (await records.find({ project, parent: null }, NEWEST)).records[0] ?? null
  const runningChain = async (project: ProjectName): Promise<TaskRecord | null> => {
    const running = (await projects.get(project))?.running ?? null
    const chain = running === null ? null : await get(running.task)
    return chain === null || isFinished(chain) ? null : chain
  }

  /** @throws SimilarityError chain_running, also for one that is just being written */
  const refuseWhileRunning = async ({ project, running }: ProjectRecord): Promise<void> => {
    if (running === null) return
    const chain = await get(running.task)
    const isOver = chain === null ? sightings.unchangedFor(project, running.task) >= CLAIM_MS : isFinished(chain)
    if (!isOver) throw new SimilarityError('chain_running', { taskId: running.task })
  }
  /** One chain at a time. The claim comes first, so that no two companions write a chain of one project. @throws SimilarityError chain_running */
  const claim = (project: ProjectName, task: string): Promise<void> => projects.change(project, async (found) => {
    // It was written, and the answer lost.
    if (found.running?.task === task) return null
    await refuseWhileRunning(found)
    return { ...found, running: { task } }
  })
  const release = ({ project, id }: TaskRow): Promise<void> =>
    projects.change(project, found => (found.running?.task === id ? { ...found, running: null } : null))

  const newTask = (project: ProjectName, fields: Pick<TaskRecord, 'id' | 'name' | 'mode' | 'created_by' | 'sequence'> & Partial<TaskRecord>): TaskRecord => ({
    ...NOTHING, project, parent: null, state: 'QUEUED', phase: null, generation: null, planned: 0, error_code: null, error_detail: null,
    created_at: now(), started_at: null, completed_at: null, resumes: null, chain: null, batch: null, args_hash: '', model: null,
    cancelling: false, scanned: 0, waiting_for: null, attempt: 0, embedding_since: null, characters_per_second: null, failures: [], ...fields,
  })

  return {
    get,
    change,
    runningChain,

    async addChain(spec) {
      const id = `${TASK_NAMES.createVectorizationTasks}-${randomUUID()}`
      await claim(spec.project, id)
      const latest = await latestChain(spec.project)
      const chain = newTask(spec.project, {
        id, name: TASK_NAMES.createVectorizationTasks, mode: spec.mode, created_by: spec.createdBy, chain: spec.args, model: spec.args.modelId,
        args_hash: hashOfArgs({ ...workflowArgs(spec) }),
        // The one before may be of a companion whose clock is ahead.
        sequence: Math.max(Date.now(), (latest?.sequence ?? 0) + 1),
        resumes: spec.resumes?.id ?? null, generation: spec.resumes?.generation ?? null,
      })
      await records.create(id, chain)
      return chain
    },
    async chainArgs(id) {
      return ChainArgsSchema.parse((await get(id))?.chain)
    },
    latestChain,
    async unfailedHeir(id) {
      const { records: heirs } = await records.find({ resumes: id }, { order: 'asc', size: 100 })
      for (const heir of heirs) {
        if (heir.state !== 'CANCELLED' && heir.state !== 'ERROR') return heir
        const later = await this.unfailedHeir(heir.id)
        if (later !== null) return later
      }
      return null
    },
    async forget(id) {
      await records.removeAll({ parent: id })
      await records.removeAll({ id })
    },
    /** In the record that a chain claims: so either the chain is seen here, or it begins with no generation. */
    retireAll: project => projects.change(project, async (found) => {
      await refuseWhileRunning(found)
      if (found.generations.length === 0) return null
      return { ...found, generations: found.generations.map(generation => ({ ...generation, state: 'retired', updatedAt: now() })) }
    }),

    dropBatches: (chain, attempt) => records.removeAll({ parent: chain, attempt: { below: attempt } }),
    async addBatches(chain, attempt, from, batches) {
      for (let start = 0; start < batches.length; start += BATCHES_AT_ONCE) {
        await records.put(batches.slice(start, start + BATCHES_AT_ONCE).map((documents, index) => {
          const number = from + start + index
          const id = batchId(chain.id, attempt, number)
          return [id, newTask(chain.project, {
            id, name: TASK_NAMES.vectorizeDocs, mode: chain.mode, created_by: chain.created_by, parent: chain.id, sequence: number, attempt,
            batch: { documents: [...documents] }, documents: documents.length, weight: documents.reduce((sum, document) => sum + weigh(document), 0),
          })] as const
        }))
      }
    },
    seen: () => records.refresh(),
    takesWrites: () => records.takeWrites(),
    async end(chain, state, fault) {
      await records.refresh()
      if (state !== 'DONE') {
        await endBatches(records, chain.id)
        // What was measured of the generation holds no more where a part of the batches has changed it.
        if (chain.planned === 1 && chain.generation !== null && (await this.countsOfBatches(chain.id)).documents > 0) await projects.touch(chain.generation)
      }
      await change(chain.id, {
        state, phase: null, waiting_for: null, completed_at: now(), error_code: fault?.code ?? null, error_detail: fault?.detail ?? null,
      })
      await records.refresh()
      await release(chain)
    },
    async withdraw(chain) {
      await this.forget(chain.id)
      await release(chain)
    },

    async countsOfBatches(chain) {
      return CountsSchema.parse(await records.sums({ parent: chain }, COUNTS))
    },
    batchStates: chain => records.counts({ parent: chain }, 'state'),
    batches: (chain, from, size) => records.find({ parent: chain }, { order: 'asc', size, fromSequence: from }),
    waitingBatch: async chain => (await records.find({ parent: chain, state: UNFINISHED, waiting_for: WAITING }, { order: 'asc', size: 1 })).records[0]?.waiting_for ?? null,
    failedBatches: async (chain, size) => (await records.find({ parent: chain, failed: { above: 0 } }, { order: 'asc', size })).records,
    chains: (names, page) => (names.length === 0 ? Promise.resolve({ records: [], total: 0 }) : records.find({ project: names, parent: null }, { order: 'desc', ...page })),
    chainsByState: () => records.counts({ parent: null }, 'state'),
    async measuredRate(modelId) {
      const { records: [latest] } = await records.find({ model: modelId, characters_per_second: { above: 0 } }, NEWEST)
      return latest?.characters_per_second ?? null
    },
  }
}

async function endBatches(records: Records<TaskRecord>, chain: string): Promise<void> {
  for (;;) {
    const { records: batches } = await records.find({ parent: chain, state: UNFINISHED }, { order: 'asc', size: 1_000 })
    if (batches.length === 0) return
    const completed = new Date().toISOString()
    await records.put(batches.map(batch => [batch.id, { ...batch, state: 'CANCELLED', phase: null, waiting_for: null, completed_at: completed, batch: null }] as const))
    await records.refresh()
  }
}
