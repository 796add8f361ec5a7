import { compose } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { openDemo } from '../demo/demo.ts'
import { createLogger } from '../log.ts'
import type { Env } from './connect.ts'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs the companion until the process is told to stop; then everything is torn down in order. */
export async function serve({ demo }: { demo: boolean }, env: Env): Promise<void> {
  const stopped = untilStopped()
  if (demo) {
    await using running = await openDemo(env)
    process.stdout.write(`\n  Datashare Similarity, demo: open ${running.pageUrl}\n  (companion at ${running.companionUrl}; stop with Ctrl-C)\n\n`)
    await stopped
    return
  }
  const config = readConfig(env)
  await using app = await compose(config, createLogger(config.logLevel))
  process.stdout.write(`Datashare Similarity listens at ${app.url}, for the Datashare at ${config.datashareUrl}\n`)
  await stopped
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    // Stays, as npm passes a signal on that the terminal has sent to all: the second one must not cut the teardown short.
    for (const signal of STOP_SIGNALS) process.on(signal, () => resolve())
  })
}
