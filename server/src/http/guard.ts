import type { Request, RequestHandler } from 'express'
import { API_VERSION_HEADER, CSRF_COOKIE, CSRF_HEADER, LIMITS, SimilarityError } from '@datashare-similarity/shared'
import type { Credentials } from '../datashare/access.ts'

export interface GuardOptions {
  readonly allowedOrigins: readonly string[]
  readonly allowedHosts: readonly string[]
  /** Whether X-Forwarded-Host counts. */
  readonly trustProxy: boolean
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

export const credentialsOf = (request: Request): Credentials => ({
  cookie: request.headers.cookie,
  authorization: request.headers.authorization,
})

/**
 * Against DNS rebinding: a page of another name that resolves to us is not served. Where there are several names, each must be one of ours:
 * some proxies add theirs to what the page has sent.
 */
export const checkHost = ({ allowedHosts, trustProxy }: GuardOptions): RequestHandler => ({ headersDistinct }, _response, next) => {
  const hosts = (trustProxy ? headersDistinct['x-forwarded-host'] : undefined) ?? headersDistinct.host ?? []
  const names = hosts.flatMap(host => host.split(',')).map(nameOf)
  if (names.length === 0 || !names.every(name => allowedHosts.includes(name))) throw new SimilarityError('host_refused')
  next()
}

const nameOf = (host: string): string => host.trim().replace(/:\d*$/, '').toLowerCase()

/** CORS for exactly the configured origins, with credentials. Everything else gets no header, and the browser keeps the answer from the page. */
export const cors = ({ allowedOrigins }: GuardOptions): RequestHandler => (request, response, next) => {
  response.vary('Origin')
  const { origin } = request.headers
  if (origin !== undefined && allowedOrigins.includes(origin)) {
    response.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true', 'Access-Control-Expose-Headers': `X-Request-Id, Retry-After, Location, ${API_VERSION_HEADER}` })
    if (request.method === 'OPTIONS') {
      response.set({ 'Access-Control-Allow-Methods': 'GET, POST, DELETE', 'Access-Control-Allow-Headers': `Content-Type, Authorization, ${CSRF_HEADER}`, 'Access-Control-Max-Age': '600' })
    }
  }
  if (request.method === 'OPTIONS') {
    response.status(204).end()
    return
  }
  next()
}

/**
 * The rules for requests before anything is read or asked upstream:
 * GET has no side effects but is not for other sites; what changes or searches must be JSON,
 * from an allowed origin when a browser sends it, and repeat the token when it carries a cookie.
 */
export const checkRequest = ({ allowedOrigins }: GuardOptions): RequestHandler => (request, _response, next) => {
  if (SAFE_METHODS.includes(request.method)) {
    if (request.headers['sec-fetch-site'] === 'cross-site') throw new SimilarityError('cross_site_refused')
    next()
    return
  }
  if (isFromBrowser(request) && !(request.headers.origin !== undefined && allowedOrigins.includes(request.headers.origin))) throw new SimilarityError('origin_refused')
  if (request.headers.cookie !== undefined) checkToken(request, request.headers.cookie)
  if (request.method === 'POST' && request.is('application/json') === false) throw new SimilarityError('unsupported_media_type')
  next()
}

/** A body that is announced as too large is not waited for: the parser would read it to its end before it refuses. */
export const checkLength: RequestHandler = (request, response, next) => {
  if (Number(request.headers['content-length'] ?? 0) > LIMITS.bodyBytes) {
    response.set('Connection', 'close')
    throw new SimilarityError('payload_too_large')
  }
  next()
}

/** Sec-Fetch-Mode alone is no sign: Node's own fetch sends it, while a browser always sends Sec-Fetch-Site with it. */
const isFromBrowser = (request: Request): boolean =>
  Object.keys(request.headers).some(name => name === 'origin' || (name.startsWith('sec-fetch-') && name !== 'sec-fetch-mode'))

function checkToken(request: Request, cookies: string): void {
  const token = cookieValue(cookies, CSRF_COOKIE)
  if (token === undefined || token === '' || request.get(CSRF_HEADER) !== token) throw new SimilarityError('csrf_token_wrong')
}

/** Only this one cookie is ever looked at; the header itself is forwarded byte for byte. */
function cookieValue(cookies: string, name: string): string | undefined {
  const found = cookies.split(';').map(part => part.trim()).find(part => part.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}
