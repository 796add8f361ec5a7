import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { FINISHED_STATES, type SimilarAnswer, type SimilarRequest, type Task, type VectorizeRequest } from '@datashare-similarity/shared'
import { openDemo, type DemoOptions } from '../demo/demo.ts'

export interface Answered<T> { status: number, headers: Headers, body: T }

export interface TestClient {
  call<T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answered<T>>
  /** Starts a chain and waits until it has ended. */
  vectorize(project: string, request?: VectorizeRequest): Promise<Task>
  similar(project: string, request: SimilarRequest): Promise<SimilarAnswer>
}

export interface TestCompanion extends AsyncDisposable {
  readonly url: string
  readonly pageUrl: string
  /** A client without sign-in, or with an API key. */
  as(apiKey?: string): TestClient
}

/** The whole companion on free ports, in front of a stand-in of Datashare. */
export async function startCompanion(options: DemoOptions, env: Record<string, string> = {}): Promise<TestCompanion> {
  const demo = await openDemo({ SIMILARITY_PORT: '0', SIMILARITY_LOG_LEVEL: 'silent', SIMILARITY_THREADS: '2', ...env }, { pagePort: 0, ...options })
  return {
    url: demo.companionUrl,
    pageUrl: demo.pageUrl,
    as: apiKey => clientOf(demo.companionUrl, apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
    [Symbol.asyncDispose]: () => demo[Symbol.asyncDispose](),
  }
}

/** Without headers: a client of a Datashare in LOCAL mode. */
export function clientOf(url: string, headers: Record<string, string> = {}): TestClient {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<Answered<T>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...headers, ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}) },
      ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }
  return {
    call,
    async vectorize(project, request = {}) {
      const started = await call<{ task: Task }>('POST', `/api/projects/${project}/vectorize`, request)
      if (started.status !== 202) throw new Error(`vectorize answered ${started.status}: ${JSON.stringify(started.body)}`)
      return finished(async () => (await call<Task>('GET', `/api/tasks/${started.body.task.id}`)).body)
    },
    async similar(project, request) {
      const { status, body } = await call<SimilarAnswer>('POST', `/api/projects/${project}/similar`, request)
      if (status !== 200) throw new Error(`similar answered ${status}: ${JSON.stringify(body)}`)
      return body
    },
  }
}

async function finished(read: () => Promise<Task>): Promise<Task> {
  for (;;) {
    const task = await read()
    if ((FINISHED_STATES as readonly string[]).includes(task.state)) return task
    await delay(50)
  }
}

export interface CliResult { code: number | null, stdout: string, stderr: string }

/** Runs the command line from its sources, as a process of its own. */
export function runCli(args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  const main = join(import.meta.dirname, '..', 'main.ts')
  const child = spawn(process.execPath, ['--conditions=@similarity/source', main, ...args], { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], SIMILARITY_LOG_LEVEL: 'silent', ...env } })
  const result: CliResult = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => { result.stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { result.stderr += chunk.toString() })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ ...result, code }))
  })
}
