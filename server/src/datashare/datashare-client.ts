import { randomBytes } from 'node:crypto'
import { validateHeaderValue } from 'node:http'
import { CSRF_COOKIE, CSRF_HEADER, SimilarityError } from '@datashare-similarity/shared'
import type { Credentials } from './access.ts'

const NOBODY: Credentials = { cookie: undefined, authorization: undefined }

export interface DatashareAnswer {
  readonly status: number
  /** The JSON of a 200; undefined with any other status. */
  readonly body: unknown
}

export interface DatashareRequest {
  /** Path and query below the address of Datashare, from its "/" on. */
  readonly path: string
  /** Sent byte for byte. Without them the request is anonymous. */
  readonly credentials?: Credentials
  /** Makes the request a POST, unless another method is named, with the CSRF pair that Datashare asks for. */
  readonly json?: unknown
  readonly method?: 'PUT'
  readonly timeoutMilliseconds: number
  readonly signal?: AbortSignal | undefined
}

/** The value of Datashare's CSRF cookie in a raw Cookie header. */
const csrfTokenOf = (cookie: string | undefined): string | undefined =>
  cookie?.split(';').map(part => part.trim()).find(part => part.startsWith(`${CSRF_COOKIE}=`))?.slice(CSRF_COOKIE.length + 1)

/** Datashare compares cookie and header only, so where the caller has no token any equal pair will do. */
function withCsrfPair(headers: Record<string, string>, cookie: string | undefined): Record<string, string> {
  const token = csrfTokenOf(cookie)
  if (token !== undefined && token !== '') return { ...headers, [CSRF_HEADER]: token }
  const invented = randomBytes(16).toString('hex')
  const pair = `${CSRF_COOKIE}=${invented}`
  return { ...headers, Cookie: cookie === undefined || cookie === '' ? pair : `${cookie}; ${pair}`, [CSRF_HEADER]: invented }
}

function headersOf({ credentials = NOBODY, json }: DatashareRequest): Record<string, string> {
  const { cookie, authorization } = credentials
  const headers = {
    Accept: 'application/json',
    ...cookie !== undefined && { Cookie: cookie },
    ...authorization !== undefined && { Authorization: authorization },
  }
  const sent = json === undefined ? headers : withCsrfPair({ ...headers, 'Content-Type': 'application/json' }, cookie)
  try {
    for (const [name, value] of Object.entries(sent)) validateHeaderValue(name, value)
  } catch {
    // Whoever sends what no header can hold is nobody. The error of the platform would quote the value.
    throw new SimilarityError('anonymous')
  }
  return sent
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault'
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return error instanceof SyntaxError ? 'the answer is not JSON' : 'the connection failed'
}

/**
 * Asks Datashare once; redirects are not followed.
 * @throws SimilarityError datashare_unreachable where no answer, or a 200 without JSON, comes back; the signal's reason where it is aborted
 */
export async function askDatashare(url: string, request: DatashareRequest): Promise<DatashareAnswer> {
  const { path, json, method = 'POST', timeoutMilliseconds, signal } = request
  const headers = headersOf(request)
  const timeout = AbortSignal.timeout(timeoutMilliseconds)
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      headers,
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      ...json !== undefined && { method, body: JSON.stringify(json) },
    })
    if (response.status === 200) return { status: 200, body: await response.json() }
    await response.body?.cancel()
    return { status: response.status, body: undefined }
  } catch (error) {
    signal?.throwIfAborted()
    // No cause: a JSON error quotes the text that it could not read.
    throw new SimilarityError('datashare_unreachable', { detail: `Datashare did not answer: ${reasonOf(error)}.` })
  }
}

export const unexpectedAnswer = (status: number): SimilarityError =>
  new SimilarityError('datashare_unreachable', { detail: status === 200 ? 'Datashare gave an answer of an unknown shape.' : `Datashare answered with status ${status}.` })
