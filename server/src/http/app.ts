import { randomUUID } from 'node:crypto'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import { LIMITS, SimilarityError } from '@datashare-similarity/shared'
import type { AccessCheck } from '../datashare/access.ts'
import type { Logger } from '../log.ts'
import { bind } from './bind.ts'
import { checkHost, checkLength, checkRequest, cors, type GuardOptions } from './guard.ts'
import type { Handlers } from './handlers.ts'
import { openApiDocument } from './openapi.ts'
import { retryAfter, toProblem, toSimilarityError } from './problem.ts'

export interface HttpOptions extends GuardOptions {
  readonly version: string
  /** Ends what is still being answered when the companion stops. */
  readonly closing: AbortSignal
}

/** The companion's HTTP application: guards first, then the table of endpoints, then the one error funnel. */
export function createHttpApp(handlers: Handlers, access: AccessCheck, options: HttpOptions, log: Logger): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.use(
    requestId(log),
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ['\'none\''], frameAncestors: ['\'none\''] } },
      crossOriginResourcePolicy: { policy: 'same-site' },
      // Behind a reverse proxy it would bind Datashare's own host, and all below it, for a year.
      strictTransportSecurity: false,
    }),
    noStore,
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
  app.use(sendProblem(log))
  return app
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

const requestId = (log: Logger): RequestHandler => (request, response, next) => {
  const id = randomUUID()
  response.locals['requestId'] = id
  response.set('X-Request-Id', id)
  const started = performance.now()
  response.on('finish', () => log.debug({ requestId: id, method: request.method, status: response.statusCode, ms: Math.round(performance.now() - started) }, 'answered'))
  next()
}

const requestIdOf = (response: Response): string => String(response.locals['requestId'])

// eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
const sendProblem = (log: Logger): ErrorRequestHandler => (thrown: unknown, _request, response, _next) => {
  // Nobody is there any more. Express itself would print what was thrown, messages of vendors included.
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const error = toSimilarityError(thrown)
  const id = requestIdOf(response)
  if (error.entry.status >= 500) log.error({ requestId: id, code: error.code, ...causeOf(error) }, 'request failed')
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
