import type { Logger } from '../log.ts'

/**
 * Dependencies with a life: set up in order, provided, torn down in reverse.
 * Where a later set-up fails, close() undoes what was set up; a failing teardown does not stop the others.
 */
export class Lifespan implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()
  readonly #log: Logger
  /** Gives up setting up. */
  readonly signal: AbortSignal | undefined

  constructor(log: Logger, signal?: AbortSignal) {
    this.#log = log
    this.signal = signal
  }

  /** Sets a dependency up and remembers how to undo it. @throws the signal's reason | what the set-up throws */
  async provide<T>(name: string, setup: () => Promise<T>, teardown: (dependency: T) => Promise<void>): Promise<T> {
    this.signal?.throwIfAborted()
    this.#log.debug({ dependency: name }, 'setting up')
    const dependency = await setup()
    this.#stack.defer(async () => {
      this.#log.debug({ dependency: name }, 'tearing down')
      await teardown(dependency)
    })
    return dependency
  }

  async close(): Promise<void> {
    await this.#stack.disposeAsync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
