import { createClient, DEFAULT_PORT, SimilarityError, type SimilarityClient } from '@datashare-similarity/shared'
import { LiveSchema } from '@datashare-similarity/shared/contract'
import { compose } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { createLogger } from '../log.ts'

export interface Companion extends SimilarityClient, AsyncDisposable {}

/** The settings that are given. */
export type Env = Readonly<Record<string, string>>

const ANSWERS_WITHIN_MS = 5_000

/**
 * The running companion, or, with none running and no SIMILARITY_URL given, the same app in this process
 * on a free loopback port until the command is done: one code path, one access check.
 */
export async function connect(env: Env): Promise<Companion> {
  const apiKey = env['DATASHARE_API_KEY']
  const running = await runningCompanion(env)
  if (running !== null) return { ...running, [Symbol.asyncDispose]: () => Promise.resolve() }
  const config = readConfig({ SIMILARITY_LOG_LEVEL: 'warn', ...env })
  const app = await compose({ ...config, host: '127.0.0.1', port: 0, metricsPort: null }, createLogger(config.logLevel))
  return { ...createClient({ url: app.url, apiKey }), [Symbol.asyncDispose]: () => app.close() }
}

/**
 * A client of the companion that runs already, null where none does. Asks what needs no other part, so that a slow Datashare does not make a
 * running companion look absent.
 * @throws SimilarityError companion_unreachable where the one of SIMILARITY_URL does not answer, or something listens without answering
 */
export async function runningCompanion(env: Env): Promise<SimilarityClient | null> {
  const given = env['SIMILARITY_URL']
  const url = given ?? `http://localhost:${env['SIMILARITY_PORT'] ?? DEFAULT_PORT}`
  const client = createClient({ url, apiKey: env['DATASHARE_API_KEY'] })
  try {
    // Something else may listen there.
    if (LiveSchema.safeParse(await client.live(AbortSignal.timeout(ANSWERS_WITHIN_MS))).success) return client
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw new SimilarityError('companion_unreachable', { cause: error, detail: `Something listens at ${url}, but does not answer.` })
    if (given !== undefined || !(error instanceof SimilarityError)) throw error
  }
  return null
}
