import {
  ActivityFailure, ApplicationFailure, CancellationScope, ChildWorkflowFailure, defineSignal, executeChild, getExternalWorkflowHandle, isCancellation, ParentClosePolicy, proxyActivities, setHandler,
  sleep, startChild, upsertSearchAttributes, workflowInfo, type ActivityOptions,
} from '@temporalio/workflow'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { BATCH_QUEUE, UNKNOWN_TASK, type BatchRange, type Ending, type Progress, type Steps } from './names.ts'
import { rangesOf } from './ranges.ts'

/* The chain, as thin as it goes: what is done stands in the activities, and what is known in the rows. */
const CHILDREN_AT_ONCE = 4
/** Activities of one child that wait for a worker, or are with one. */
const BATCHES_AT_ONCE = 32
/** How often a chain is told how far it is. */
const PROGRESS_STEPS = 100

/** A worker that dies is noticed by its missing heartbeat. What it did is done again, or found done; what is wrong with a task is not tried twice. */
const STEP: ActivityOptions = {
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 50 },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
}
const steps = proxyActivities<Omit<Steps, 'vectorizeBatch'>>(STEP)
const batchSteps = proxyActivities<Pick<Steps, 'vectorizeBatch'>>({ ...STEP, taskQueue: BATCH_QUEUE })

const updateProgress = defineSignal<[Progress]>('update_progress')
const PROGRESS = defineSearchAttributeKey('Progress', SearchAttributeType.DOUBLE)
const MAX_PROGRESS = defineSearchAttributeKey('MaxProgress', SearchAttributeType.DOUBLE)

/** @returns documents done: a number, as Datashare loses a task that returns anything but a scalar */
export async function create_vectorization_tasks(args: unknown): Promise<number> {
  const chain = workflowInfo().workflowId
  keepProgress()
  try {
    if (await steps.begin(chain, args)) await vectorize(chain)
    return await steps.end({ chain, state: 'DONE', code: null, detail: null })
  } catch (error) {
    const { code, detail } = faultOf(error)
    if (code === UNKNOWN_TASK) throw ApplicationFailure.nonRetryable(detail, code)
    const ending: Ending = isCancellation(error) ? { chain, state: 'CANCELLED', code: null, detail: null } : { chain, state: 'ERROR', code, detail }
    await CancellationScope.nonCancellable(() => steps.end(ending))
    throw isCancellation(error) ? error : ApplicationFailure.nonRetryable(detail, code)
  }
}

async function vectorize(chain: string): Promise<void> {
  const { attempt, batches, changed } = await steps.plan(chain)
  await inLanes(CHILDREN_AT_ONCE, rangesOf({ chain, attempt, batches }), range => executeChild(vectorize_docs, {
    workflowId: `${chain}/${range.from}`, args: [range], parentClosePolicy: ParentClosePolicy.TERMINATE, cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }))
  const retireAfterMs = await steps.finish(chain, changed)
  await startChild(drop_retired, { workflowId: `${chain}/retired`, args: [chain, retireAfterMs], parentClosePolicy: ParentClosePolicy.ABANDON })
}

/** @returns document ids only, as a string: Datashare loses a task that returns a list */
export async function find_most_similar(args: unknown): Promise<string> {
  try {
    return await steps.findMostSimilar(workflowInfo().workflowId, args)
  } catch (error) {
    if (isCancellation(error)) throw error
    const { code, detail } = faultOf(error)
    throw ApplicationFailure.nonRetryable(detail, code)
  }
}

/** A range of a chain's batches. Only its chain starts it. */
export async function vectorize_docs(range: BatchRange): Promise<void> {
  demandParent(range.chain)
  const { chain, attempt, from, to, batches } = range
  const step = Math.max(1, Math.ceil(batches / PROGRESS_STEPS))
  let done = 0
  const numbers = Array.from({ length: to - from }, (_, index) => from + index)
  await inLanes(BATCHES_AT_ONCE, numbers, async (number) => {
    await batchSteps.vectorizeBatch({ chain, attempt, number })
    done++
    if (done % step === 0 || done === numbers.length) await tellProgress(range, done / numbers.length)
  })
}

/** After a while, without holding up the chain. */
export async function drop_retired(chain: string, afterMs: number): Promise<void> {
  demandParent(chain)
  await sleep(afterMs)
  await steps.dropRetired(chain)
}

/** @throws unknown_task for what was started by hand */
function demandParent(chain: string): void {
  if (workflowInfo().parent?.workflowId !== chain) throw ApplicationFailure.nonRetryable('Only a chain of the companion starts this.', UNKNOWN_TASK)
}

/** Some at once, in order. The first failure stops the others, and is thrown when they have ended. */
async function inLanes<T>(lanes: number, items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const scope = new CancellationScope()
  await scope.run(async () => {
    const queue = items.values()
    const lane = async (): Promise<void> => {
      for (const item of queue) await work(item)
    }
    const running = Array.from({ length: Math.min(lanes, items.length) }, () => lane())
    try {
      await Promise.all(running)
    } catch (error) {
      scope.cancel()
      await Promise.allSettled(running)
      throw error
    }
  })
}

/** Where Datashare started the chain there are attributes for its progress; a Temporal of its own may not know them. */
function keepProgress(): void {
  const isKept = workflowInfo().typedSearchAttributes.get(PROGRESS) !== undefined
  const told = new Map<string, Progress>()
  setHandler(updateProgress, (progress) => {
    told.set(progress.activity_id, progress)
    if (!isKept) return
    const all = [...told.values()]
    upsertSearchAttributes([
      { key: PROGRESS, value: all.reduce((sum, each) => sum + each.progress * each.weight, 0) },
      { key: MAX_PROGRESS, value: Math.max(1, all.reduce((sum, { weight }) => sum + weight, 0)) },
    ])
  })
}

async function tellProgress({ chain, from, to, batches }: BatchRange, progress: number): Promise<void> {
  const { runId, parent } = workflowInfo()
  await getExternalWorkflowHandle(chain, parent?.runId).signal(updateProgress, { run_id: runId, activity_id: String(from), progress, weight: (to - from) / batches })
}

/** The code and detail that an activity failed with, through whatever wraps it. */
function faultOf(error: unknown): { code: string, detail: string } {
  if (error instanceof ApplicationFailure) return { code: error.type ?? 'internal', detail: error.message }
  if ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause !== undefined) return faultOf(error.cause)
  return { code: 'internal', detail: 'The workflow failed.' }
}
