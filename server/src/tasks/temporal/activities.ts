import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { z } from 'zod'
import { ERRORS, SimilarityError, type ErrorCode, type SimilarAnswer, type SimilarQuery, type VectorizeMode } from '@datashare-similarity/shared'
import { SimilarRequestSchema } from '@datashare-similarity/shared/contract'
import { grantOfRecord, type GrantedProject } from '../../datashare/access.ts'
import type { DocumentRef, DocumentSource } from '../../datashare/source.ts'
import type { Embedder, Embedders } from '../../embedding/embedder.ts'
import { inContext, type Logger } from '../../log.ts'
import type { Generation } from '../../store/generation.ts'
import type { Records } from '../../store/elasticsearch/records.ts'
import type { VectorStore } from '../../store/store.ts'
import { chooseGeneration, dropGeneration, fits } from '../../vectorize/choose-generation.ts'
import { createVectorizationTasks } from '../../vectorize/create-vectorization-tasks.ts'
import { finishVectorization } from '../../vectorize/finish.ts'
import { createPatience, type Patiently, type PatienceOptions } from '../../vectorize/patience.ts'
import { settleBatch } from '../../vectorize/settle.ts'
import { vectorizeDocs } from '../../vectorize/vectorize-docs.ts'
import { isFinished } from '../create-engine.ts'
import { describeFault } from '../faults.ts'
import { batchId, hashOfArgs, type ClusterLedger, type TaskRecord } from './ledger.ts'
import { UNKNOWN_TASK, type Steps } from './names.ts'
import type { Projects } from './projects.ts'
import { SearchArgsSchema, type SearchRecord } from './searches.ts'

export interface ActivitiesOptions {
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly ledger: ClusterLedger
  readonly projects: Projects
  readonly searches: Records<SearchRecord>
  /** Searches with ids as its only answer. */
  readonly find: (project: GrantedProject, query: SimilarQuery, signal: AbortSignal) => Promise<SimilarAnswer>
  readonly patience: PatienceOptions
  /** How long a replaced generation stays for the searches that still read it. */
  readonly retireAfterMs: number
  readonly log: Logger
}

interface Step extends ActivitiesOptions {
  readonly chain: TaskRecord
  readonly signal: AbortSignal
  readonly patiently: Patiently
}

/** Often enough that a cancelled chain stops soon, and that a dead worker is noticed. */
const HEARTBEAT_MS = 1_000
/** Batches of a plan that are written at once. */
const BATCHES_WRITTEN = 100

/** As Datashare and the companion pass them. */
const GivenArgsSchema = z.looseObject({ user: z.looseObject({ id: z.string() }) })

const now = (): string => new Date().toISOString()

/** The steps of a chain, each of which comes to the same when it is done again. What is to be done is read from the rows, never from what a workflow says. */
export function createActivities(options: ActivitiesOptions): Steps {
  const { ledger, projects } = options

  return {
    begin: (id, args) => asActivity(options, id, null, async ({ chain, patiently, store, embedders }) => {
      if (!isAllowed(chain, args)) throw unknownTask()
      await patiently(() => ledger.change(id, { state: 'RUNNING', phase: 'scanning', ...chain.started_at === null && { started_at: now() } }))
      const embedder = await patiently(() => embedders.get(modelOf(chain)))
      const generation = await patiently(() => generationFor(options, chain, embedder))
      if (generation === null) return false
      await patiently(() => store.create(generation))
      await patiently(() => ledger.change(id, { generation: generation.id }))
      return true
    }),

    plan: id => asActivity(options, id, null, async (step) => {
      const { chain, source, patiently, signal } = step
      const { attempt } = Context.current().info
      await patiently(() => ledger.change(id, { attempt: Math.max(attempt, chain.attempt) }))
      const generation = await generationOf(step)
      const { tasks, removed } = await patiently(async (goesOn) => {
        await ledger.dropBatches(id, attempt + 1)
        const { documents } = await source.count(chain.project, signal)
        let scanned = 0
        let written = 0
        let batches: (readonly DocumentRef[])[] = []
        const write = async (): Promise<void> => {
          await demandLatest(ledger, id, attempt)
          await ledger.addBatches(chain, attempt, written, batches)
          written += batches.length
          batches = []
          await ledger.change(id, { scanned: scanned / Math.max(1, documents) })
        }
        const plan = await createVectorizationTasks({
          ...step, generation, batchSize: chain.chain?.batchSize ?? 1, mode: planMode(chain, generation),
          spawn: async (batch) => {
            batches.push(batch)
            if (batches.length >= BATCHES_WRITTEN) await write()
          },
          onScanned: (page) => {
            goesOn()
            scanned += page
          },
        })
        await write()
        return plan
      })
      // A try that was given up may have written on for a moment.
      await patiently(() => ledger.dropBatches(id, attempt))
      await patiently(() => ledger.change(id, { planned: 1, phase: 'embedding', embedding_since: now() }))
      await patiently(() => ledger.seen())
      return { attempt, batches: tasks, changed: tasks + removed > 0 }
    }),

    vectorizeBatch: ({ chain: id, attempt, number }) => asActivity(options, id, batchId(id, attempt, number), async (step, batch) => {
      if (batch?.state === 'DONE') return
      // One that failed, or was said to, is asked for again only where Temporal has not heard of it.
      const documents = batch?.batch?.documents
      if (batch === null || documents === undefined) throw new SimilarityError('task_lost', { detail: 'The record of a batch is gone.' })
      const { embedders, chain, patiently, store } = step
      const generation = await generationOf(step)
      const embedder = await patiently(() => embedders.get(generation.modelId))
      const settled = await patiently(() => settleBatch(store, generation, documents, planMode(chain, generation)))
      let counted = counts(batch, settled.outcome)
      const note = (fields: Partial<TaskRecord>): Promise<void> => patiently(() => ledger.change(batch.id, fields))
      await note({ ...counted, state: 'RUNNING', phase: 'embedding', completed_at: null, error_code: null, error_detail: null, ...batch.started_at === null && { started_at: now() } })
      await vectorizeDocs({
        ...step, embedder, generation,
        onWritten: async (outcome) => {
          // Counted once it is noted: where that fails it is tried again.
          const next = counts(batch, outcome, counted)
          await ledger.change(batch.id, next)
          counted = next
        },
        onEmbedded: () => undefined,
      }, settled.remaining)
      await note({ ...counted, state: 'DONE', phase: null, completed_at: now(), batch: null })
    }),

    finish: (id, changed) => asActivity(options, id, null, async (step) => {
      const { chain, embedders, patiently } = step
      const generation = await generationOf(step)
      const embedder = await patiently(() => embedders.get(generation.modelId))
      await patiently(() => noteRate(options, chain))
      if (changed) await patiently(() => projects.touch(generation.id))
      await finishVectorization({ ...step, generations: projects, generation, embedder, onPhase: phase => patiently(() => ledger.change(id, { phase })) })
      return options.retireAfterMs
    }),

    end: ({ chain: id, state, code, detail }) => asActivity(options, id, null, async ({ chain, patiently, log }) => {
      const fault = code === null ? undefined : { code: errorCode(code), detail: detail ?? '' }
      // It may have been given up as lost meanwhile.
      if (!isFinished(chain)) await patiently(() => ledger.end(chain, state, fault))
      log.info({ taskId: id, project: chain.project, state }, 'chain ended')
      return (await patiently(() => ledger.countsOfBatches(id))).done
    }, 'ending'),

    findMostSimilar: (id, args) => whileAlive(options, async (signal) => {
      const patiently = createPatience(options.patience, signal, () => undefined)
      const search = (await patiently(() => options.searches.get(id)))?.record
      const runId = Context.current().info.workflowExecution?.runId
      if (search === undefined || runId === undefined || (search.run !== null && search.run !== runId) || !isAllowed(search, args)) throw unknownTask()
      await patiently(() => options.searches.merge(id, { run: runId }))
      const { queries, size } = SearchArgsSchema.parse(args)
      const found = await patiently(() => options.find(grantOfRecord(search.project, search.created_by), SimilarRequestSchema.parse({ queries, size }), signal))
      return JSON.stringify(found.results.map(({ documents }) => documents.map(({ documentId }) => documentId)))
    }),

    dropRetired: id => asActivity(options, id, null, async ({ chain, patiently, store }) => {
      for (const generation of await patiently(() => projects.retired(chain.project))) await patiently(() => dropGeneration({ store, generations: projects }, generation))
    }, 'ended'),
  }
}

/** Runs one step of a chain that a companion has written and that is not finished; waits for what comes back. */
async function asActivity<T>(options: ActivitiesOptions, id: string, batchOf: string | null, work: (step: Step, batch: TaskRecord | null) => Promise<T>, when: 'running' | 'ending' | 'ended' = 'running'): Promise<T> {
  const { ledger } = options
  const run = (signal: AbortSignal): Promise<T> => inContext({ taskId: id, ...batchOf !== null && { batchId: batchOf } }, async () => {
    let noted = Promise.resolve()
    const waitsFor = (dependency: string | null): void => {
      // In turn, so that the last one stays. Tried only: what it waits for may be what keeps the rows.
      noted = noted.then(() => ledger.change(batchOf ?? id, { waiting_for: dependency })).catch(() => undefined)
    }
    const patiently = createPatience(options.patience, signal, waitsFor)
    const chain = await patiently(() => ledger.get(id))
    if (chain === null || chain.parent !== null || (when === 'running' && isFinished(chain))) throw unknownTask()
    const batch = batchOf === null ? null : await patiently(() => ledger.get(batchOf))
    const waited = batchOf === null ? chain : batch
    // Left by a try that was stopped while it waited.
    if (waited !== null && waited.waiting_for !== null) await patiently(() => ledger.change(waited.id, { waiting_for: null }))
    return await work({ ...options, chain, signal, patiently }, batch)
  })
  return whileAlive(options, run, failure => (batchOf === null ? undefined : noteFailure(ledger, batchOf, failure)))
}

/** Heartbeats while it works, and says what went wrong without a word of a document. */
async function whileAlive<T>({ log }: ActivitiesOptions, work: (signal: AbortSignal) => Promise<T>, onFailure: (failure: unknown) => Promise<void> | undefined = () => undefined): Promise<T> {
  const context = Context.current()
  const signal = context.cancellationSignal
  const heartbeat = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  try {
    return await work(signal)
  } catch (error) {
    const failure = toFailure(error, signal, log)
    if (!signal.aborted) await onFailure(failure)
    throw failure
  } finally {
    clearInterval(heartbeat)
  }
}

/** Tried only: a row that cannot be written must not hide the error itself; the end of the chain ends its batches too. */
async function noteFailure(ledger: ClusterLedger, batch: string, failure: unknown): Promise<void> {
  const { type, message } = failure instanceof ApplicationFailure ? failure : { type: 'internal', message: ERRORS.internal.why }
  if (type === UNKNOWN_TASK) return
  await ledger.change(batch, { state: 'ERROR', phase: null, completed_at: now(), error_code: errorCode(type), error_detail: message }).catch(() => undefined)
}

const unknownTask = (): ApplicationFailure => ApplicationFailure.nonRetryable('No companion has written this task, or not with these arguments.', UNKNOWN_TASK)

/** Whether the arguments are those that a companion has allowed: whoever starts a workflow by hand knows an id at most, or another user's. */
function isAllowed({ args_hash: expected, created_by: owner }: Pick<TaskRecord, 'args_hash' | 'created_by'>, args: unknown): boolean {
  const given = GivenArgsSchema.safeParse(args).data
  return given !== undefined && hashOfArgs(given) === expected && given.user.id === owner
}

function toFailure(error: unknown, signal: AbortSignal, log: Logger): unknown {
  if (error instanceof ApplicationFailure) return error
  if (signal.aborted) {
    // A worker that stops leaves its batch to another one.
    const reason: unknown = signal.reason
    return reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN' ? ApplicationFailure.retryable('The worker stops.', 'shutting_down') : reason
  }
  if (error instanceof SimilarityError) return ApplicationFailure.nonRetryable(error.detail, error.code)
  log.error(describeFault(error), 'a step failed')
  return ApplicationFailure.nonRetryable(ERRORS.internal.why, 'internal')
}

/** @throws unknown_task where Temporal has given the scan to another worker meanwhile: the batches are that one's */
async function demandLatest(ledger: ClusterLedger, chain: string, attempt: number): Promise<void> {
  const latest = await ledger.get(chain)
  if (latest === null || latest.attempt > attempt) throw unknownTask()
}

const isErrorCode = (code: string): code is ErrorCode => code in ERRORS
const errorCode = (code: string | null | undefined): ErrorCode => (typeof code === 'string' && isErrorCode(code) ? code : 'internal')

const modelOf = ({ model }: TaskRecord): string => {
  if (model === null) throw unknownTask()
  return model
}

/** What was chosen before a crash, or by the task that this one resumes, is gone on with. */
async function generationFor(options: ActivitiesOptions, { generation, project, mode }: TaskRecord, { model }: Embedder): Promise<Generation | null> {
  const { projects, store } = options
  const before = generation === null ? null : await projects.byId(generation, project)
  if (before !== null && before.state !== 'retired' && fits(before, model)) return before
  return chooseGeneration({ store, generations: projects }, project, mode, model)
}

/** Of the chain, chosen when it began. @throws SimilarityError generation_changed where it was wiped since */
async function generationOf({ chain, projects, patiently }: Step): Promise<Generation> {
  const generation = chain.generation === null ? null : await patiently(async () => projects.byId(chain.generation ?? '', chain.project))
  if (generation === null || generation.state === 'retired') throw new SimilarityError('generation_changed')
  return generation
}

/** Of a generation that is being built everything is missing, whatever was asked for. */
const planMode = ({ mode }: TaskRecord, generation: Generation): VectorizeMode => (generation.state === 'building' ? 'update' : mode)

type Outcome = Awaited<ReturnType<typeof settleBatch>>['outcome']
type BatchCounts = Pick<TaskRecord, 'documents' | 'done' | 'empty' | 'failed' | 'passages' | 'weight_done' | 'failures'>

/** What is known of a batch, with what has been done since. */
function counts(batch: TaskRecord, outcome: Outcome, before?: BatchCounts): BatchCounts {
  const { documents, done, empty, failed, passages, weight_done: weight, failures } = before ?? { documents: batch.batch?.documents.length ?? 0, done: 0, empty: 0, failed: 0, passages: 0, weight_done: 0, failures: [] }
  return {
    documents: documents - outcome.gone, done: done + outcome.done, empty: empty + outcome.empty, failed: failed + outcome.failures.length,
    passages: passages + outcome.passages, weight_done: weight + outcome.weight, failures: [...failures, ...outcome.failures],
  }
}

/** For estimates. */
async function noteRate({ ledger }: ActivitiesOptions, chain: TaskRecord): Promise<void> {
  const { weight_done: weight } = await ledger.countsOfBatches(chain.id)
  const seconds = chain.embedding_since === null ? 0 : (Date.now() - Date.parse(chain.embedding_since)) / 1_000
  if (weight > 0 && seconds >= 1) await ledger.change(chain.id, { characters_per_second: weight / seconds })
}
