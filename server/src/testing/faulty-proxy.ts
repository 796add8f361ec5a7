import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveHttp, type TestServer } from './http.ts'

export interface Asked { readonly method: string, readonly path: string, readonly body: string }

/** A status instead of an answer; the first half of the answer; no answer at all. */
export type Fault = 429 | 503 | 'half' | 'silence'

export interface FaultyProxy extends TestServer {
  /** Asked before each request is forwarded. */
  faultOf: (asked: Asked) => Fault | null | Promise<Fault | null>
  /** Faults that were shown. */
  readonly shown: Fault[]
}

/** Stands in front of a real Elasticsearch and shows the faults that it will not show on demand. */
export async function openFaultyProxy(url: string): Promise<FaultyProxy> {
  const shown: Fault[] = []
  const server = await serveHttp((request, response) => void handle(request, response).catch(() => response.destroy()))
  const proxy: FaultyProxy = { ...server, shown, faultOf: () => null }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = { method: request.method ?? 'GET', path: request.url ?? '/', body: await new Response(request).text() }
    const fault = await proxy.faultOf(asked)
    if (fault !== null) shown.push(fault)
    if (fault === 'silence') return
    if (typeof fault === 'number') {
      response.writeHead(fault, { 'Content-Type': 'application/json', 'X-Elastic-Product': 'Elasticsearch' }).end(JSON.stringify({ error: { type: 'es_rejected_execution_exception', reason: 'busy' }, status: fault }))
      return
    }
    const answer = await fetch(`${url}${asked.path}`, { method: asked.method, headers: { 'Content-Type': 'application/json' }, ...asked.body !== '' && { body: asked.body } })
    const text = Buffer.from(await answer.arrayBuffer())
    response.writeHead(answer.status, { 'Content-Type': 'application/json', 'X-Elastic-Product': 'Elasticsearch', 'Content-Length': text.length })
    if (fault === null) response.end(text)
    else response.write(text.subarray(0, text.length / 2), () => response.destroy())
  }
  return proxy
}
