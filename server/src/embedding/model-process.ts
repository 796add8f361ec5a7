import { SimilarityError } from '@datashare-similarity/shared'
import type { Logger } from '../log.ts'
import { orAborted } from './abort.ts'
import { connect, type Connection, type ProcessOptions } from './connection.ts'

export interface ModelProcessOptions extends ProcessOptions {
  readonly log: Logger
}

const FIRST_BACK_OFF_MS = 500
const LONGEST_BACK_OFF_MS = 30_000
/** A process that lived this long had no part in the crashes before it. */
const STEADY_MS = 60_000

/** None after the first crash, then longer with each one in a row. */
const backOff = (crashes: number): number => crashes <= 1 ? 0 : Math.min(FIRST_BACK_OFF_MS * 2 ** (crashes - 2), LONGEST_BACK_OFF_MS)

/** One process, loading or loaded. */
interface Life {
  readonly connecting: Promise<Connection>
  /** Ends it while it loads. */
  readonly stopping: AbortController
}

/** A model process that is started when it is needed, and again when it dies or hangs. */
export class ModelProcess {
  readonly #options: ModelProcessOptions
  /** Restarts by itself instead of at the next request. */
  readonly #isKept: boolean
  #life: Life | undefined
  #live: Connection | undefined
  #startedAt = 0
  #isClosed = false
  #crashes = 0
  #notBefore = 0
  #restart: NodeJS.Timeout | undefined

  constructor(options: ModelProcessOptions) {
    this.#options = options
    this.#isKept = !options.isBackground
  }

  get ready(): boolean {
    return this.#live !== undefined
  }

  /**
   * The process that lives now, or a new one. A given-up wait ends at once; the process goes on loading.
   * @throws ProcessGone | the signal's reason | SimilarityError embedder_unavailable while it must not be started again yet, or cannot be | model_missing
   */
  async connection(signal?: AbortSignal): Promise<Connection> {
    if (this.#isClosed) throw closed()
    signal?.throwIfAborted()
    if (this.#life === undefined) {
      const wait = this.#notBefore - performance.now()
      if (wait > 0) throw new SimilarityError('embedder_unavailable', { detail: 'The process that runs the model has failed repeatedly.', retryAfterSeconds: Math.ceil(wait / 1000) })
      const stopping = new AbortController()
      this.#life = { stopping, connecting: this.#connect(stopping.signal) }
    }
    return await orAborted(this.#life.connecting, signal)
  }

  async #connect(stopping: AbortSignal): Promise<Connection> {
    const { log, model, isBackground } = this.#options
    try {
      const connection = await connect(this.#options, stopping)
      // Stopped in the same moment: whoever stops it kills it
      if (stopping.aborted) return connection
      this.#live = connection
      this.#startedAt = performance.now()
      log.info({ model: model.id, pid: connection.pid, background: isBackground }, 'model process started')
      void connection.gone.then(({ wasSilent }) => this.#onGone(connection, wasSilent))
      return connection
    } catch (error) {
      if (stopping.aborted) throw error
      log.error({ model: model.id, err: error }, 'model process could not start')
      this.#onFailure()
      throw error
    }
  }

  #onGone(connection: Connection, wasSilent: boolean): void {
    if (this.#live !== connection) return
    this.#options.log.warn({ model: this.#options.model.id, pid: connection.pid }, wasSilent ? 'model process was silent for too long, and killed' : 'model process ended')
    if (performance.now() - this.#startedAt > STEADY_MS) this.#crashes = 0
    this.#onFailure()
  }

  #onFailure(): void {
    this.#life = undefined
    this.#live = undefined
    if (this.#isClosed) return
    this.#crashes++
    const wait = backOff(this.#crashes)
    this.#notBefore = performance.now() + wait
    if (this.#isKept) this.#restartAfter(wait)
  }

  #restartAfter(wait: number): void {
    clearTimeout(this.#restart)
    this.#restart = setTimeout(() => {
      this.#notBefore = 0
      // Its failure has been logged, and plans the next attempt
      this.connection().catch(() => undefined)
    }, wait).unref()
  }

  /** Ends the process, loading or loaded, to be started again when it is needed. */
  async stop(): Promise<void> {
    const life = this.#life
    this.#life = undefined
    this.#live = undefined
    life?.stopping.abort(closed())
    await life?.connecting.then(connection => connection.kill(), () => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#restart)
    await this.stop()
  }
}

const closed = (): SimilarityError => new SimilarityError('embedder_unavailable', { detail: 'The model is being closed.' })
