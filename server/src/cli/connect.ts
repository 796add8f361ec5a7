import { DEFAULT_PORT, SimilarityError, type Problem } from '@datashare-similarity/shared'
import { LiveSchema } from '@datashare-similarity/shared/contract'
import { compose } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { createLogger } from '../log.ts'

/** An error answer of the companion: its problem, as it came. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

export interface Companion extends AsyncDisposable {
  call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>
}

/** The settings that are given. */
export type Env = Readonly<Record<string, string>>

/**
 * The running companion, or, with none running and no SIMILARITY_URL given, the same app in this process
 * on a free loopback port until the command is done: one code path, one access check.
 */
export async function connect(env: Env): Promise<Companion> {
  const given = env['SIMILARITY_URL']?.replace(/\/+$/, '')
  const url = given ?? `http://localhost:${env['SIMILARITY_PORT'] ?? DEFAULT_PORT}`
  const headers = authorization(env)
  if (await answers(url)) return client(url, headers, () => Promise.resolve())
  if (given !== undefined) throw new SimilarityError('companion_unreachable', { detail: `No companion answers at ${given}.` })
  const config = readConfig({ SIMILARITY_LOG_LEVEL: 'warn', ...env })
  const app = await compose({ ...config, host: '127.0.0.1', port: 0 }, createLogger(config.logLevel))
  return client(app.url, headers, () => app.close())
}

const authorization = (env: Env): Record<string, string> =>
  env['DATASHARE_API_KEY'] === undefined ? {} : { Authorization: `Bearer ${env['DATASHARE_API_KEY']}` }

/** Asks what needs no other part, so that a slow Datashare does not make a running companion look absent. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5_000) })
    return response.ok && LiveSchema.safeParse(await response.json()).success
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw new SimilarityError('companion_unreachable', { cause: error, detail: `Something listens at ${url}, but does not answer.` })
    return false
  }
}

function client(url: string, headers: Record<string, string>, close: () => Promise<void>): Companion {
  return {
    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      const response = await send(url, path, {
        method,
        headers: { ...headers, ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}) },
        ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
      })
      const text = await response.text()
      if (!response.ok) throw new ProblemError(JSON.parse(text) as Problem)
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
    [Symbol.asyncDispose]: close,
  }
}

async function send(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, init)
  } catch (error) {
    throw new SimilarityError('companion_unreachable', { cause: error, detail: `The companion at ${url} stopped answering.` })
  }
}
