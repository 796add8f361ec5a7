import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createClient, SimilarityError, type SimilarityClient } from './index.ts'

let server: Server
let client: SimilarityClient
let answer: (request: IncomingMessage, response: ServerResponse) => void
const asked: { method: string | undefined, url: string | undefined, authorization: string | undefined, type: string | undefined, body: string }[] = []

beforeAll(async () => {
  server = createServer((request, response) => void new Response(request).text().then((body) => {
    asked.push({ method: request.method, url: request.url, authorization: request.headers.authorization, type: request.headers['content-type'], body })
    answer(request, response)
  }))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/similarity/`, apiKey: 'key' })
})
beforeEach(() => { asked.length = 0 })
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const says = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  answer = (_request, response) => void response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
}
const problem = { type: 'x', title: 'x', status: 403, detail: 'why', fix: 'fix', requestId: 'r-1' }
const errorOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => null, (error: unknown) => error)

it('asks below the path of the companion, with the API key, and JSON where something is sent', async () => {
  says(200, { task: { id: 't' } })
  await client.vectorize('a-b', { mode: 'rebuild' })
  await client.tasks({ project: 'a-b', size: 5 })
  await client.document('a-b', 'x/y')

  expect(asked).toEqual([
    { method: 'POST', url: '/similarity/api/projects/a-b/vectorize', authorization: 'Bearer key', type: 'application/json', body: '{"mode":"rebuild"}' },
    { method: 'GET', url: '/similarity/api/tasks?project=a-b&size=5', authorization: 'Bearer key', type: undefined, body: '' },
    { method: 'GET', url: '/similarity/api/projects/a-b/documents/x%2Fy', authorization: 'Bearer key', type: undefined, body: '' },
  ])
})

it('gives what came, nothing for an empty answer, and says also of one that is not ready what is not', async () => {
  says(200, { task: { id: 't' } })
  expect(await client.cancel('t')).toEqual({ id: 't' })
  says(204, '')
  await expect(client.wipe('a')).resolves.toBeUndefined()
  says(503, { ready: false, checks: {} })
  expect(await client.ready()).toEqual({ ready: false, checks: {} })
})

it('rejects with the error that a problem names: its code, what exactly, when to ask again, and the request', async () => {
  says(429, { ...problem, code: 'rate_limited', status: 429 }, { 'Retry-After': '7' })
  const error = await errorOf(client.projects())

  expect(error).toBeInstanceOf(SimilarityError)
  expect(error).toMatchObject({ code: 'rate_limited', detail: 'why', retryAfterSeconds: 7, requestId: 'r-1' })
})

it('tells the code of a newer companion that it does not know', async () => {
  says(403, { ...problem, code: 'moon_full' })

  expect(await errorOf(client.projects())).toMatchObject({ code: 'internal', detail: expect.stringContaining('moon_full') as string })
})

it('says that no companion answers where nothing does, or something else', async () => {
  says(502, '<html>bad gateway</html>')
  expect(await errorOf(client.info())).toMatchObject({ code: 'companion_unreachable', detail: expect.stringContaining('502') as string })
  expect(await errorOf(createClient({ url: 'http://127.0.0.1:9' }).info())).toMatchObject({ code: 'companion_unreachable' })
})

it('ends with the reason of its signal', async () => {
  answer = () => undefined
  const stop = new AbortController()
  const asking = errorOf(client.similar('a', { queries: ['b'] }, stop.signal))
  stop.abort(new Error('enough'))

  expect(await asking).toMatchObject({ message: 'enough' })
})
