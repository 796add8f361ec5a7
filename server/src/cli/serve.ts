import { SimilarityError } from '@datashare-similarity/shared'
import { compose, composeWorker } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { openDemo } from '../demo/demo.ts'
import { createLogger } from '../log.ts'
import type { Env } from './connect.ts'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** A service manager kills what takes longer than its own limit, often ten seconds. */
const STOPPED_WITHIN_MS = 9_000

/** Runs the companion until the process is told to stop, also while it starts; then everything is torn down in order. */
export async function serve({ demo }: { demo: boolean }, env: Env): Promise<void> {
  const stopping = stopSignal()
  if (demo) {
    await using running = await openDemo(env)
    process.stdout.write(`\n  Datashare Similarity, demo: open ${running.pageUrl}\n  (companion at ${running.companionUrl}; stop with Ctrl-C)\n\n`)
    await aborted(stopping)
    return
  }
  const config = readConfig(env)
  await untilStopped(stopping, async () => {
    await using app = await compose(config, createLogger(config.logLevel), {}, stopping)
    process.stdout.write(`Datashare Similarity listens at ${app.url}, for the Datashare at ${config.datashareUrl}\n`)
    await aborted(stopping)
  })
}

/** Takes part in the work of a cluster until the process is told to stop; what it has begun is left to other workers. */
export async function work(env: Env): Promise<void> {
  const stopping = stopSignal()
  const config = readConfig(env)
  await untilStopped(stopping, async () => {
    await using worker = await composeWorker(config, createLogger(config.logLevel), {}, stopping)
    process.stdout.write(`Datashare Similarity works for the Temporal at ${config.temporal.address}, namespace ${config.temporal.namespace}\n`)
    await Promise.race([aborted(stopping), worker.ended])
  })
}

async function untilStopped(stopping: AbortSignal, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (error !== stopping.reason) throw error
  }
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = (): void => {
    if (stopping.signal.aborted) return
    stopping.abort(new SimilarityError('shutting_down'))
    // Nothing is lost by it: whatever ends the process, what was begun is done again or gone on with at the next start.
    setTimeout(() => process.exit(0), STOPPED_WITHIN_MS).unref()
  }
  // Stays, as npm passes a signal on that the terminal has sent to all: the second one must not cut the teardown short.
  for (const signal of STOP_SIGNALS) process.on(signal, stop)
  return stopping.signal
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
