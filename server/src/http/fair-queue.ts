import { SimilarityError } from '@datashare-similarity/shared'

export interface FairQueueOptions {
  /** Works of all callers at once. */
  readonly atOnce: number
  readonly atOncePerCaller: number
  /** Of all callers; beyond it the next one is refused. */
  readonly waiting: number
  /** So that nobody fills the queue alone. */
  readonly waitingPerCaller: number
}

export interface FairQueue {
  readonly running: number
  readonly waiting: number
  /**
   * Does the work when it is the caller's turn. Answers at once when the signal aborts, waiting or working;
   * a work that does not heed its signal keeps its place until it has really ended.
   * @throws SimilarityError rate_limited where the queue is full | the signal's reason
   */
  run<T>(caller: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>
}

interface Lane {
  running: number
  readonly waiting: Set<() => void>
}

/** Serves callers in turn, whoever came with how many requests: one who sends a hundred waits for himself. */
export function createFairQueue({ atOnce, atOncePerCaller, waiting, waitingPerCaller }: FairQueueOptions): FairQueue {
  /** In the order of turns: who has just been served goes to the end. */
  const lanes = new Map<string, Lane>()
  let running = 0
  let queued = 0

  const serveNext = (): void => {
    for (const [caller, lane] of lanes) {
      if (running >= atOnce) return
      const [start] = lane.waiting
      if (start === undefined || lane.running >= atOncePerCaller) continue
      lane.waiting.delete(start)
      queued--
      lane.running++
      running++
      lanes.delete(caller)
      lanes.set(caller, lane)
      start()
    }
  }

  const leave = (caller: string, lane: Lane): void => {
    lane.running--
    running--
    forgetIdle(caller, lane)
    serveNext()
  }

  const forgetIdle = (caller: string, lane: Lane): void => {
    if (lane.running === 0 && lane.waiting.size === 0) lanes.delete(caller)
  }

  const turn = async (caller: string, lane: Lane, signal: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const start = (): void => resolve(undefined)
    const giveUp = (): void => {
      if (!lane.waiting.delete(start)) return
      queued--
      forgetIdle(caller, lane)
      reject(signal.reason)
    }
    lane.waiting.add(start)
    queued++
    signal.addEventListener('abort', giveUp)
    serveNext()
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  return {
    get running() {
      return running
    },
    get waiting() {
      return queued
    },
    async run(caller, signal, work) {
      signal.throwIfAborted()
      const lane = lanes.get(caller) ?? { running: 0, waiting: new Set() }
      const isFull = queued >= waiting || lane.waiting.size >= waitingPerCaller
      if (isFull) throw new SimilarityError('rate_limited')
      lanes.set(caller, lane)
      await turn(caller, lane, signal)
      const done = work()
      void done.then(() => leave(caller, lane), () => leave(caller, lane))
      return await orAborted(done, signal)
    },
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
