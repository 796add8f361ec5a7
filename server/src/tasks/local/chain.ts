import { ERRORS, SimilarityError, type ErrorCode, type VectorizeMode } from '@datashare-similarity/shared'
import type { DocumentSource } from '../../datashare/source.ts'
import type { Embedder, Embedders } from '../../embedding/embedder.ts'
import { inContext } from '../../log.ts'
import type { Generation } from '../../store/generation.ts'
import type { VectorStore } from '../../store/store.ts'
import { chooseGeneration, fits } from '../../vectorize/choose-generation.ts'
import { createVectorizationTasks } from '../../vectorize/create-vectorization-tasks.ts'
import { finishVectorization } from '../../vectorize/finish.ts'
import { createPatience, type Patiently, type PatienceOptions } from '../../vectorize/patience.ts'
import { settleBatch } from '../../vectorize/settle.ts'
import { vectorizeDocs } from '../../vectorize/vectorize-docs.ts'
import type { LedgerGenerations } from './generations.ts'
import type { Ledger, TaskChange } from './ledger.ts'
import type { LiveChain } from './live.ts'
import type { ChainArgs, TaskRow } from '../rows.ts'

export interface ChainParts {
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly ledger: Ledger
  readonly generations: LedgerGenerations
  readonly patience: PatienceOptions
  /** Each embeds one document at a time, so one more than the embedder takes at once: while those embed, it reads, or writes. */
  readonly batchesAtOnce: number
}

interface Chain extends ChainParts {
  readonly task: TaskRow
  readonly args: ChainArgs
  readonly live: LiveChain
  readonly signal: AbortSignal
  readonly patiently: Patiently
}

/**
 * Runs a chain from where it stands: create_vectorization_tasks, then its vectorize_docs tasks, then indices and the swap.
 * Ends with an error when aborted; the rows then say how far it came.
 */
export async function runChain(parts: ChainParts, task: TaskRow, live: LiveChain, signal: AbortSignal): Promise<void> {
  const { ledger, generations, store, embedders } = parts
  const args = ledger.chainArgs(task.id)
  const patiently = createPatience(parts.patience, signal, dependency => live.setWaitsFor(task.id, dependency))
  const chain: Chain = { ...parts, task, live, args, signal, patiently }
  await note(chain, task, { state: 'RUNNING', phase: 'scanning', ...(task.started_at === null ? { started_at: now() } : {}) })
  const embedder = await patiently(() => embedders.get(args.modelId))
  const generation = await generationOf(chain, embedder)
  if (generation === null) return
  await note(chain, task, { generation: generation.id })
  await patiently(() => store.create(generation))

  // A plan holds for the generation that it was made for.
  const isPlanned = task.planned === 1 && task.generation === generation.id
  const changed = isPlanned || await plan(chain, generation)
  await note(chain, task, { phase: 'embedding' })
  try {
    await embedBatches(chain, generation, embedder)
  } catch (error) {
    // Tried only: what went wrong is the error that is told.
    if (changed) await generations.touch(generation.id).catch(() => undefined)
    throw error
  }
  if (changed) await patiently(() => generations.touch(generation.id))
  await finishVectorization({ ...chain, generation, embedder, onPhase: phase => note(chain, task, { phase }) })
}

/** A row is as patient as the rest; and a chain that is being cancelled keeps that phase. */
const note = ({ ledger, patiently, signal }: Chain, { id }: TaskRow, change: TaskChange): Promise<void> => patiently(() => {
  signal.throwIfAborted()
  return written(() => ledger.change(id, change))
})

/** The ledger answers at once; whoever is patient waits for a promise. */
const written = (write: () => void): Promise<void> => new Promise((resolve) => {
  write()
  resolve()
})

/** What was chosen before a crash, or by the task that this one resumes, is gone on with. */
async function generationOf(chain: Chain, embedder: Embedder): Promise<Generation | null> {
  const { task, generations } = chain
  const before = task.generation === null ? null : generations.byId(task.generation)
  if (before !== null && before.state !== 'retired' && fits(before, embedder.model)) return before
  return chain.patiently(() => chooseGeneration(chain, task.project, task.mode, embedder.model))
}

/**
 * Scans and makes the batches. Nothing of a scan that was cut short is kept.
 * @returns whether the generation's content will differ from what it was before
 */
async function plan(chain: Chain, generation: Generation): Promise<boolean> {
  const { ledger, task, args, live, source, signal } = chain
  const { tasks, removed } = await chain.patiently(async (goesOn) => {
    ledger.dropBatches(task.id)
    const { documents } = await source.count(task.project, signal)
    let scanned = 0
    return createVectorizationTasks({
      ...chain, generation, batchSize: args.batchSize, mode: planMode(task, generation),
      spawn: batch => ledger.addBatch(task, batch),
      onScanned: (page) => {
        goesOn()
        scanned += page
        live.scanned = scanned / Math.max(1, documents)
      },
    })
  })
  await note(chain, task, { planned: 1 })
  return tasks + removed > 0
}

/** Of a generation that is being built everything is missing, whatever was asked for. */
const planMode = (task: TaskRow, generation: Generation): VectorizeMode => (generation.state === 'building' ? 'update' : task.mode)

async function embedBatches(chain: Chain, generation: Generation, embedder: Embedder): Promise<void> {
  const { ledger, live, task } = chain
  const failure = new AbortController()
  const inner: Chain = { ...chain, signal: AbortSignal.any([chain.signal, failure.signal]) }
  const batches = ledger.unfinishedBatches(task.id)
  const work = async (): Promise<void> => {
    // The workers share the iterator: each takes the next batch.
    for (const batch of batches) {
      inner.signal.throwIfAborted()
      await inContext({ taskId: task.id, batchId: batch.id }, () => embedBatch(inner, generation, embedder, batch))
    }
  }
  live.pace.restart()
  const workers = Array.from({ length: chain.batchesAtOnce }, () => work())
  try {
    await Promise.all(workers)
  } catch (error) {
    // The first batch that fails stops the others; nothing writes any more when this ends.
    failure.abort()
    await Promise.allSettled(workers)
    throw error
  }
  noteRate(chain, generation)
}

/** Only estimates want it: where it cannot be written, the chain goes on without. */
function noteRate({ ledger, live }: Chain, { modelId }: Generation): void {
  const rate = live.pace.measured()
  if (rate === null || live.hasWaited) return
  try {
    ledger.setRate(modelId, rate)
  } catch (error) {
    if (!(error instanceof SimilarityError)) throw error
  }
}

async function embedBatch(outer: Chain, generation: Generation, embedder: Embedder, batch: TaskRow): Promise<void> {
  const { ledger, live, signal } = outer
  const chain: Chain = { ...outer, patiently: createPatience(outer.patience, signal, dependency => live.setWaitsFor(batch.id, dependency)) }
  try {
    const documents = ledger.batchDocuments(batch.id)
    const { outcome, remaining } = await chain.patiently(() => settleBatch(chain.store, generation, documents, planMode(chain.task, generation)))
    // A crash or a stop has cut it short, or the ledger was restored from before it began: what the store holds is neither done nor counted twice.
    if (batch.started_at !== null || remaining.length < documents.length) await chain.patiently(() => written(() => ledger.setOutcome(batch.id, outcome)))
    await note(chain, batch, { state: 'RUNNING', phase: 'embedding', ...(batch.started_at === null ? { started_at: now() } : {}) })
    await vectorizeDocs({
      ...chain, embedder, generation,
      onWritten: (outcome) => {
        ledger.addOutcome(batch.id, outcome)
        live.pace.add(outcome.done + outcome.empty + outcome.failures.length, outcome.weight)
        return Promise.resolve()
      },
      onEmbedded: weight => live.setWeightInFlight(batch.id, weight),
    }, remaining)
    await note(chain, batch, { state: 'DONE', phase: null, completed_at: now() })
  } catch (error) {
    // A row that cannot be written must not hide the error itself; the end of the chain ends its batches too.
    await note(chain, batch, { state: 'ERROR', phase: null, completed_at: now(), ...faultOf(error) }).catch(() => undefined)
    throw error
  } finally {
    live.setWeightInFlight(batch.id, 0)
  }
}

const now = (): string => new Date().toISOString()

/** As the rows keep it: an unexpected error's own message may repeat what it was given, so it is left out. */
export const faultOf = (error: unknown): { error_code: ErrorCode, error_detail: string } =>
  error instanceof SimilarityError ? { error_code: error.code, error_detail: error.detail } : { error_code: 'internal', error_detail: ERRORS.internal.why }
