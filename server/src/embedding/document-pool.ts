import { SimilarityError } from '@datashare-similarity/shared'
import type { ModelProcess } from './model-process.ts'

/** Processes nobody has used for this long give their memory back. */
const IDLE_MS = 5_000

/** A place for one document at a time. */
export interface Slot {
  readonly process: ModelProcess
  idle: NodeJS.Timeout | undefined
}

interface Waiter {
  readonly resolve: (slot: Slot) => void
  readonly reject: (reason: unknown) => void
}

/** Hands out the processes for documents, the last used one first; whoever finds none waits in line. */
export class DocumentPool {
  readonly #slots: readonly Slot[]
  readonly #free: Slot[]
  #waiting: Waiter[] = []
  #isClosed = false

  constructor(processes: readonly ModelProcess[]) {
    this.#slots = processes.map(process => ({ process, idle: undefined }))
    this.#free = [...this.#slots].reverse()
  }

  /** @throws the signal's reason | SimilarityError embedder_unavailable when closed */
  async acquire(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted()
    if (this.#isClosed) throw closed()
    const free = this.#free.pop()
    if (free !== undefined) {
      clearTimeout(free.idle)
      return free
    }
    return await this.#wait(signal)
  }

  async #wait(signal: AbortSignal): Promise<Slot> {
    const { promise, resolve, reject } = Promise.withResolvers<Slot>()
    const waiter: Waiter = { resolve, reject }
    const onAbort = (): void => {
      this.#waiting = this.#waiting.filter(other => other !== waiter)
      reject(signal.reason)
    }
    this.#waiting.push(waiter)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  release(slot: Slot): void {
    const next = this.#waiting.shift()
    if (next !== undefined) {
      next.resolve(slot)
      return
    }
    this.#free.push(slot)
    if (!this.#isClosed) slot.idle = setTimeout(() => void slot.process.stop(), IDLE_MS).unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const { reject } of this.#waiting.splice(0)) reject(closed())
    for (const { idle } of this.#slots) clearTimeout(idle)
    await Promise.all(this.#slots.map(({ process }) => process.close()))
  }
}

const closed = (): SimilarityError => new SimilarityError('embedder_unavailable', { detail: 'The model is being closed.' })
