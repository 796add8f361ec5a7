import { randomUUID } from 'node:crypto'
import { Server, STATUS_CODES, type RequestListener, type ServerResponse } from 'node:http'
import type { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { SimilarityError, type ErrorCode } from '@datashare-similarity/shared'
import { toProblem } from './problem.ts'

/** Bytes of the first line and all headers together: Datashare's cookies have some hundred. */
const HEAD_BYTES = 16_384
/** A peer that sends its headers, or its body, drop by drop must not hold a connection for long. */
const HEADERS_WITHIN_MS = 10_000
const REQUEST_WITHIN_MS = 60_000
const CHECKED_EVERY_MS = 1_000
/** Each takes one of the files that a process may have open, 1,024 on many systems, which the store needs too. */
const CONNECTIONS = 512

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** The server of the application. What is no HTTP, too long or too slow never reaches the application, but gets its problems here. */
export class HttpServer extends Server {
  readonly #answers = new Set<ServerResponse>()

  constructor(app: RequestListener) {
    super({
      maxHeaderSize: HEAD_BYTES, headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, connectionsCheckingInterval: CHECKED_EVERY_MS,
      // A request without a host gets the answer of the application's own check.
      requireHostHeader: false,
    })
    this.maxConnections = CONNECTIONS
    const answer: RequestListener = (request, response) => {
      this.#answers.add(response)
      response.once('close', () => this.#answers.delete(response))
      app(request, response)
    }
    this.on('request', answer)
    // An expectation that we do not know may be passed over.
    this.on('checkExpectation', answer)
    this.on('clientError', refuse)
  }

  /** For Node a connection is idle when its answer was handed over, though much of it may be still to be sent: then nothing is closed now. */
  override closeIdleConnections(): void {
    const isSending = [...this.#answers].some(({ writableEnded, writableFinished }) => writableEnded && !writableFinished)
    if (!isSending) super.closeIdleConnections()
  }
}

/** @throws SimilarityError configuration_wrong where it cannot be listened on */
export function listenOn<S extends NetServer>(server: S, { host, port }: { host: string, port: number }, settings = 'SIMILARITY_HOST and SIMILARITY_PORT'): Promise<S> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(new SimilarityError('configuration_wrong', { cause: error, detail: `${settings}: cannot listen on ${host}:${port} (${reasonOf(error)}).` })))
    server.listen(port, host, () => resolve(server))
  })
}

/** Answers under way may be finished for so long; what is left is answered with shutting_down, and a moment later its connections are cut. */
const FINISH_WITHIN_MS = 4_000
const CUT_AFTER_MS = 1_000
const SWEEP_EVERY_MS = 100
/** For connections that wait to be taken. */
const TAKE_WITHIN_MS = 500

/** Takes no more connections than those that wait already, and ends those that there are: nobody can make it wait for longer than six seconds. */
export async function stopServer(server: Server, closing: AbortController): Promise<void> {
  await takeWaiting(server)
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  // A connection that is kept alive becomes idle only when its answer has been sent.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_EVERY_MS)
  const refuse = setTimeout(() => closing.abort(new SimilarityError('shutting_down')), FINISH_WITHIN_MS)
  const cut = setTimeout(() => server.closeAllConnections(), FINISH_WITHIN_MS + CUT_AFTER_MS)
  await closed
  clearInterval(sweep)
  clearTimeout(refuse)
  clearTimeout(cut)
}

/** Node takes one connection in each turn of its loop; what the system has taken for it, and perhaps a request with it, would be reset. */
async function takeWaiting(server: Server): Promise<void> {
  const until = performance.now() + TAKE_WITHIN_MS
  let taken = 0
  const count = (): void => { taken++ }
  server.on('connection', count)
  for (let before = -1; before < taken && performance.now() < until;) {
    before = taken
    await turn()
    await turn()
  }
  server.off('connection', count)
}

const reasonOf = (error: Error): string => ('code' in error ? String(error.code) : error.name)

function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  const code = error.code ?? ''
  const isGone = code === 'ECONNRESET' || !socket.writable
  if (isGone) socket.destroy()
  else socket.end(problemOf(new SimilarityError(CODES[code] ?? 'not_http')), () => socket.destroy())
}

function problemOf(error: SimilarityError): string {
  const requestId = randomUUID()
  const { status } = error.entry
  const body = JSON.stringify(toProblem(error, requestId))
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close', 'Cache-Control: no-store', 'X-Content-Type-Options: nosniff', 'Vary: Origin', `X-Request-Id: ${requestId}`,
  ]
  return `${headers.join('\r\n')}\r\n\r\n${body}`
}
