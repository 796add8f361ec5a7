import { SimilarityError } from '@datashare-similarity/shared'
import type { Logger } from '../log.ts'
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

/** A model process that is started when it is needed, and again when it dies. */
export class ModelProcess {
  readonly #options: ModelProcessOptions
  /** Restarts by itself instead of at the next request. */
  readonly #isKept: boolean
  #connecting: Promise<Connection> | undefined
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
   * The process that lives now, or a new one.
   * @throws ProcessGone | SimilarityError embedder_unavailable while it must not be started again yet, or cannot be
   */
  async connection(): Promise<Connection> {
    if (this.#isClosed) throw new SimilarityError('embedder_unavailable', { detail: 'The model is being closed.' })
    if (this.#connecting !== undefined) return await this.#connecting
    const wait = this.#notBefore - performance.now()
    if (wait > 0) throw new SimilarityError('embedder_unavailable', { detail: 'The process that runs the model has failed repeatedly.', retryAfterSeconds: Math.ceil(wait / 1000) })
    this.#connecting = this.#connect()
    return await this.#connecting
  }

  async #connect(): Promise<Connection> {
    try {
      const connection = await connect(this.#options)
      this.#live = connection
      this.#startedAt = performance.now()
      this.#options.log.info({ model: this.#options.model.id, pid: connection.pid, background: this.#options.isBackground }, 'model process started')
      void connection.gone.then(() => this.#onGone(connection))
      return connection
    } catch (error) {
      this.#options.log.error({ model: this.#options.model.id, err: error }, 'model process could not start')
      this.#onFailure()
      throw error
    }
  }

  #onGone(connection: Connection): void {
    if (this.#live !== connection) return
    this.#options.log.warn({ model: this.#options.model.id, pid: connection.pid }, 'model process ended')
    if (performance.now() - this.#startedAt > STEADY_MS) this.#crashes = 0
    this.#onFailure()
  }

  #onFailure(): void {
    this.#connecting = undefined
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

  /** Ends the process, to be started again when it is needed. */
  async stop(): Promise<void> {
    const connecting = this.#connecting
    this.#connecting = undefined
    this.#live = undefined
    await connecting?.then(connection => connection.kill(), () => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#restart)
    await this.stop()
    this.#live = undefined
  }
}
