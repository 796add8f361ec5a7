import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import express, { type RequestHandler } from 'express'
import { CSRF_COOKIE, CSRF_HEADER, FINISHED_STATES, type Task } from '@datashare-similarity/shared'
import { compose, type Overrides } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import type { SignInOptions, StandInUser } from '../demo/stand-in-sign-in.ts'
import { createLogger } from '../log.ts'
import type { EditableDocuments } from './editable-documents.ts'
import { serveHttp } from './http.ts'
import { rawRequest, type RawAnswer, type RawRequest } from './raw-request.ts'

/** A request that reached Datashare. */
export interface UpstreamCall {
  readonly method: string
  readonly path: string
  readonly cookie: string | undefined
  readonly authorization: string | undefined
  readonly csrf: string | undefined
}

export interface GuardedCompanion extends AsyncDisposable {
  readonly url: string
  readonly metricsUrl: string | null
  readonly dataDir: string
  readonly datashareUrl: string
  /** What the companion has asked of Datashare since it was last emptied. */
  readonly upstream: UpstreamCall[]
  /** Answers in Datashare's place while it is set. */
  readonly datashare: { answer: RequestHandler | null }
  /** All that was logged, at level debug. */
  log(): string
  send(request: RawRequest): Promise<RawAnswer>
  /** Sends JSON with an API key, as the command line does. */
  as(apiKey: string): (method: string, path: string, body?: unknown) => Promise<RawAnswer>
  /** Signs in with the form and gives the Cookie header of that browser. */
  signIn(uid: string): Promise<string>
  /** Sends JSON as the plugin does in a browser with these cookies. */
  inBrowser(cookie: string): (method: string, path: string, body?: unknown) => Promise<RawAnswer>
  /** Starts a chain with an API key, or with these headers, and waits until it has ended. */
  vectorize(credentials: string | Readonly<Record<string, string>>, project: string, body?: object): Promise<Task>
}

export interface GuardedOptions {
  readonly documents: EditableDocuments
  readonly users: readonly StandInUser[]
  /** Of the Datashare beside it; default: SERVER with the form. */
  readonly signIn?: Partial<SignInOptions>
  readonly env?: Readonly<Record<string, string>>
  readonly overrides?: Overrides
}

const TOKEN = '00112233445566778899aabbccddeeff'
const authorized = (apiKey: string) => ({ Authorization: `Bearer ${apiKey}` })

/** The whole companion beside a Datashare, with what went between them and what it logged. */
export async function startGuardedCompanion({ documents, users, signIn = {}, env = {}, overrides = {} }: GuardedOptions): Promise<GuardedCompanion> {
  const upstream: UpstreamCall[] = []
  const datashare: GuardedCompanion['datashare'] = { answer: null }
  const record: RequestHandler = (request, response, next) => {
    const { cookie, authorization } = request.headers
    upstream.push({ method: request.method, path: request.originalUrl, cookie, authorization, csrf: request.get(CSRF_HEADER) })
    if (datashare.answer === null) next()
    else void datashare.answer(request, response, next)
  }
  const standIn = await serveHttp(express().use(record, createDatashareStandIn({ mode: 'SERVER', users, documents, ...signIn })))
  const folder = await mkdtemp(join(tmpdir(), 'similarity-guarded-'))
  const dataDir = join(folder, 'data')
  let logged = ''
  const log = createLogger('debug', new Writable({ write(chunk: Buffer, _encoding, done) {
    logged += chunk.toString()
    done()
  } }))
  const config = readConfig({ SIMILARITY_PORT: '0', SIMILARITY_THREADS: '2', DATASHARE_URL: standIn.url, SIMILARITY_DATA_DIR: dataDir, ...env })
  const app = await compose(config, log, { source: () => Promise.resolve(documents), ...overrides }).catch(async (error: unknown) => {
    await standIn[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const origin = new URL(standIn.url).origin
  const send = (request: RawRequest) => rawRequest(app.url, request)
  const json = (headers: Readonly<Record<string, string>>) => (method: string, path: string, body?: unknown) =>
    send({ method, path, headers: method === 'POST' ? { ...headers, 'Content-Type': 'application/json' } : headers, ...method === 'POST' && { body: JSON.stringify(body ?? {}) } })
  const as = (apiKey: string) => json(authorized(apiKey))

  return {
    url: app.url, metricsUrl: app.metricsUrl, dataDir, datashareUrl: standIn.url, upstream, datashare, log: () => logged, send, as,
    async signIn(uid) {
      const password = users.find(user => user.uid === uid)?.password ?? ''
      const { headers } = await rawRequest(standIn.url, { method: 'POST', path: '/auth/login', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ username: uid, password }) })
      const session = headers['set-cookie']?.[0]?.split('; version=1')[0] ?? ''
      return `${session}; ${CSRF_COOKIE}=${TOKEN}`
    },
    inBrowser: cookie => json({ 'Cookie': cookie, [CSRF_HEADER]: TOKEN, 'Origin': origin, 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' }),
    async vectorize(credentials, project, body = {}) {
      const ask = json(typeof credentials === 'string' ? authorized(credentials) : credentials)
      const started = await ask('POST', `/api/projects/${project}/vectorize`, body)
      if (started.status !== 202) throw new Error(`vectorize answered ${started.status}: ${started.text}`)
      const { task } = started.json as { task: Task }
      for (;;) {
        const now = (await ask('GET', `/api/tasks/${task.id}`)).json as Task
        if ((FINISHED_STATES as readonly string[]).includes(now.state)) return now
        await delay(50)
      }
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await standIn[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
