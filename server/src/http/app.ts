import { randomUUID } from 'node:crypto'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import { API_VERSION, API_VERSION_HEADER, LIMITS, SimilarityError, type ErrorCode } from '@datashare-similarity/shared'
import type { AccessCheck } from '../datashare/access.ts'
import { boundContext, inContext, type Logger } from '../log.ts'
import { bind, endpointOf } from './bind.ts'
import { checkHost, checkLength, checkRequest, cors, type GuardOptions } from './guard.ts'
import type { Metrics } from '../metrics.ts'
import type { Handlers } from './handlers.ts'
import { openApiDocument } from './openapi.ts'
import { retryAfter, toProblem, toSimilarityError } from './problem.ts'

export interface HttpOptions extends GuardOptions {
  readonly version: string
  /** Ends what is still being answered when the companion stops. */
  readonly closing: AbortSignal
  readonly metrics: Pick<Metrics, 'answered' | 'refused'>
}

/** The companion's HTTP application: guards first, then the table of endpoints, then the one error funnel. */
export function createHttpApp(handlers: Handlers, access: AccessCheck, options: HttpOptions, log: Logger): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.use(
    requestId,
    answered(log, options.metrics),
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ['\'none\''], frameAncestors: ['\'none\''] } },
      crossOriginResourcePolicy: { policy: 'same-site' },
      // Behind a reverse proxy it would bind Datashare's own host, and all below it, for a year.
      strictTransportSecurity: false,
    }),
    ofEveryAnswer,
    cors(options),
    checkHost(options),
    checkRequest(options),
    checkLength,
    express.json({ limit: LIMITS.bodyBytes, strict: true }),
  )
  const document = openApiDocument(options.version)
  app.get('/api/openapi.json', (_request, response) => response.json(document))
  bind(app, handlers, access, options.closing)
  app.use(() => {
    throw new SimilarityError('route_unknown')
  })
  app.use(sendProblem(log, options.metrics.refused))
  return app
}

/** The metrics alone, for Prometheus on this machine: a page of another name that resolves to it is not served. */
export function createMetricsApp({ contentType, text }: Pick<Metrics, 'contentType' | 'text'>, allowedHosts: readonly string[], log: Logger): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(requestId, ofEveryAnswer, checkHost({ allowedHosts, allowedOrigins: [], trustProxy: false }))
  app.get('/metrics', async (_request, response) => {
    response.type(contentType).send(await text())
  })
  app.use(() => {
    throw new SimilarityError('route_unknown')
  })
  app.use(sendProblem(log, () => undefined))
  return app
}

const ofEveryAnswer: RequestHandler = (_request, response, next) => {
  response.set({ 'Cache-Control': 'no-store', [API_VERSION_HEADER]: String(API_VERSION) })
  next()
}

const requestId: RequestHandler = (_request, response, next) => {
  const id = randomUUID()
  response.locals['requestId'] = id
  response.set('X-Request-Id', id)
  inContext({ requestId: id }, next)
}

const answered = (log: Logger, metrics: Pick<Metrics, 'answered'>): RequestHandler => (request, response, next) => {
  const started = performance.now()
  response.on('finish', boundContext(() => {
    const ms = performance.now() - started
    const endpoint = endpointOf(response)
    log.debug({ method: request.method, endpoint, status: response.statusCode, ms: Math.round(ms) }, 'answered')
    metrics.answered(endpoint ?? 'none', response.statusCode, ms / 1_000)
  }))
  next()
}

const requestIdOf = (response: Response): string => String(response.locals['requestId'])

// eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
const sendProblem = (log: Logger, refused: (code: ErrorCode) => void): ErrorRequestHandler => (thrown: unknown, _request, response, _next) => {
  // Nobody is there any more. Express itself would print what was thrown, messages of vendors included.
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const error = toSimilarityError(thrown)
  const id = requestIdOf(response)
  refused(error.code)
  if (error.entry.status >= 500) log.error({ code: error.code, ...causeOf(error) }, 'request failed')
  const seconds = retryAfter(error)
  if (seconds !== undefined) response.set('Retry-After', String(seconds))
  response.status(error.entry.status).type('application/problem+json').send(JSON.stringify(toProblem(error, id)))
}

/** Name and place of the fault, not its message: messages of vendors may quote what they were given. */
function causeOf(error: SimilarityError): object {
  const cause = error.cause
  if (!(cause instanceof Error)) return {}
  const frames = cause.stack?.split('\n').filter(line => line.trimStart().startsWith('at ')).slice(0, 6).map(line => line.trim())
  return { cause: cause.name, frames }
}
