import PQueue from 'p-queue'
import { SimilarityError } from '@datashare-similarity/shared'
import { inContext, type Logger } from '../../log.ts'
import { dropGeneration } from '../../vectorize/choose-generation.ts'
import { createPatience } from '../../vectorize/patience.ts'
import { faultOf, runChain, type ChainParts } from './chain.ts'
import { createLiveChain, type LiveChain } from './live.ts'
import { describeFault } from '../faults.ts'
import type { TaskRow } from '../rows.ts'

/** One project that waits for a dependency must not hold up the others. */
const CHAINS_AT_ONCE = 2

export interface RunnerOptions extends ChainParts {
  readonly log: Logger
  readonly retireAfterMs: number
}

interface Running {
  readonly live: LiveChain
  readonly stop: AbortController
  cancelled: boolean
}

/** Keeps chains running, and settles how each ends. */
export function createRunner(options: RunnerOptions) {
  const { ledger, generations, log, retireAfterMs } = options
  const queue = new PQueue({ concurrency: CHAINS_AT_ONCE })
  const running = new Map<string, Running>()
  const dropTimers = new Set<NodeJS.Timeout>()
  const closing = new AbortController()
  const patiently = createPatience(options.patience, closing.signal, () => undefined)
  let dropping: Promise<void> = Promise.resolve()

  const end = (task: TaskRow, state: 'DONE' | 'CANCELLED' | 'ERROR', fault: Partial<ReturnType<typeof faultOf>> = {}): void => {
    if (state !== 'DONE') ledger.endUnfinishedBatches(task.id, 'CANCELLED')
    ledger.change(task.id, { state, phase: null, completed_at: new Date().toISOString(), ...fault })
    running.delete(task.id)
    log.info({ taskId: task.id, project: task.project, state }, 'chain ended')
  }

  /** What is thrown here leaves the rows as they are: the chain goes on at the next start. */
  const runOne = async (task: TaskRow, entry: Running): Promise<void> => {
    if (!running.has(task.id)) return
    let outcome: () => void
    try {
      await runChain(options, task, entry.live, entry.stop.signal)
      outcome = () => end(task, 'DONE')
    } catch (error) {
      if (!entry.cancelled && closing.signal.aborted) throw error
      if (!entry.cancelled) log.error({ taskId: task.id, ...describeFault(error) }, 'chain failed')
      outcome = () => (entry.cancelled ? end(task, 'CANCELLED') : end(task, 'ERROR', faultOf(error)))
    }
    await endPatiently(outcome)
    dropLater()
  }
  /** A full disk does not take the end of a chain either. */
  const endPatiently = (outcome: () => void): Promise<void> => patiently(() => new Promise((resolve) => {
    outcome()
    resolve()
  }))

  /** Searches that began before a swap may still read what it replaced. */
  const dropLater = (): void => {
    const retired = generations.retired()
    if (retired.length === 0 || closing.signal.aborted) return
    const timer = setTimeout(() => {
      dropTimers.delete(timer)
      drop(retired)
    }, retireAfterMs)
    timer.unref()
    dropTimers.add(timer)
  }
  const drop = (retired: ReturnType<typeof generations.retired>): void => {
    dropping = dropping.then(async () => {
      for (const generation of retired) {
        if (generations.byId(generation.id) !== null) await dropGeneration(options, generation)
      }
    }).catch((error: unknown) => log.warn(describeFault(error), 'a replaced generation could not be dropped, it is tried again at the next start'))
  }

  const run = (task: TaskRow): void => {
    // The one line that tells which request a chain came from.
    log.info({ taskId: task.id, project: task.project, mode: task.mode }, task.started_at === null ? 'chain queued' : 'chain goes on')
    const entry: Running = { live: createLiveChain(), stop: new AbortController(), cancelled: false }
    running.set(task.id, entry)
    queue.add(() => inContext({ taskId: task.id }, () => runOne(task, entry))).catch((error: unknown) => {
      running.delete(task.id)
      leaveForNextStart(task, error)
    })
  }
  const leaveForNextStart = (task: TaskRow, error: unknown): void => {
    const fields = { taskId: task.id, ...describeFault(error) }
    if (closing.signal.aborted) log.info(fields, 'chain stopped, it goes on at the next start')
    else log.error(fields, 'the end of a chain could not be written: it can be cancelled, else it goes on at the next start')
  }

  return {
    run,
    /** Aborted when the runner closes. */
    closing: closing.signal,
    live: (chain: string): LiveChain | undefined => running.get(chain)?.live,

    /** What a crash or a stop has left: replaced generations go, unfinished chains go on, but not one that was being cancelled. */
    open(): void {
      drop(generations.retired())
      for (const task of ledger.unfinishedChains()) {
        if (task.phase === 'cancelling') endPatiently(() => end(task, 'CANCELLED')).catch((error: unknown) => leaveForNextStart(task, error))
        else run(task)
      }
    },

    /** For a chain that is not finished. */
    cancel(chain: TaskRow): void {
      const entry = running.get(chain.id)
      if (entry === undefined) {
        // Its end could not be written: nothing runs, only the row is left.
        end(chain, 'CANCELLED')
        return
      }
      if (entry.cancelled) return
      entry.cancelled = true
      entry.stop.abort(new SimilarityError('task_finished', { detail: 'The task was cancelled.', taskId: chain.id }))
      // One that still queues has nothing to end first.
      if (chain.state === 'QUEUED') end(chain, 'CANCELLED')
      else ledger.change(chain.id, { phase: 'cancelling' })
    },

    async idle(): Promise<void> {
      await queue.onIdle()
      await dropping
    },

    async close(): Promise<void> {
      if (closing.signal.aborted) return
      closing.abort(new SimilarityError('shutting_down'))
      for (const { stop } of running.values()) stop.abort(new SimilarityError('shutting_down'))
      for (const timer of dropTimers) clearTimeout(timer)
      await queue.onIdle()
      await dropping
    },
  }
}
