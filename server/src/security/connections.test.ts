import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ProblemSchema } from '@datashare-similarity/shared/contract'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { rawBytes } from '../testing/raw-request.ts'

let companion: GuardedCompanion
let host: string

beforeAll(async () => {
  companion = await startGuardedCompanion({
    documents: createEditableDocuments({ leak: { villa: 'The villa belongs to a nominee.' } }),
    users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['leak'] }],
  })
  host = new URL(companion.url).host
})
afterAll(() => companion[Symbol.asyncDispose]())

const isAlive = async (): Promise<boolean> => (await companion.send({ path: '/health/live' })).status === 200

/** What came back, each answer as its status and the code of its problem. */
function answersIn(bytes: string): string[] {
  return bytes.split(/(?=HTTP\/1\.1 \d{3})/).map((answer) => {
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 'none'
    if (!head.includes('application/problem+json')) return status
    const problem = ProblemSchema.parse(JSON.parse(body))
    expect(problem.status).toBe(Number(status))
    expect(head.toLowerCase()).toContain(`x-request-id: ${problem.requestId}`)
    expect(head.toLowerCase()).toContain('cache-control: no-store')
    expect(head.toLowerCase()).toContain('x-content-type-options: nosniff')
    return `${status} ${problem.code}`
  })
}
const sent = async (bytes: string): Promise<string[]> => answersIn(await rawBytes(companion.url, bytes))

it.each([
  { what: 'an address of 17 kB', bytes: () => `GET /api/info?${'a'.repeat(17_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, answer: '431 headers_too_large' },
  { what: 'a cookie of 17 kB', bytes: () => `GET /api/info HTTP/1.1\r\nHost: ${host}\r\nCookie: ${'a'.repeat(17_000)}\r\n\r\n`, answer: '431 headers_too_large' },
  { what: 'no HTTP', bytes: () => 'SSH-2.0-OpenSSH_9.6\r\n\r\n', answer: '400 not_http' },
  { what: 'a TLS handshake', bytes: () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', answer: '400 not_http' },
  { what: 'an unknown method', bytes: () => `STEAL /api/info HTTP/1.1\r\nHost: ${host}\r\n\r\n`, answer: '400 not_http' },
  { what: 'a header without a name', bytes: () => `GET /api/info HTTP/1.1\r\nHost: ${host}\r\n: x\r\n\r\n`, answer: '400 not_http' },
  { what: 'a control character in a header', bytes: () => `GET /api/info HTTP/1.1\r\nHost: ${host}\r\nX-A: a\0b\r\n\r\n`, answer: '400 not_http' },
  { what: 'a header folded over two lines', bytes: () => `GET /api/info HTTP/1.1\r\nHost: ${host}\r\nX-A: a\r\n b\r\n\r\n`, answer: '400 not_http' },
  { what: 'two lengths', bytes: () => `POST /api/tasks/x/cancel HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, answer: '400 not_http' },
  { what: 'no host', bytes: () => 'GET /api/info HTTP/1.1\r\nConnection: close\r\n\r\n', answer: '403 host_refused' },
  { what: 'two hosts, of which the first is ours', bytes: () => `GET /api/info HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`, answer: '403 host_refused' },
  { what: 'the address of another machine', bytes: () => `GET http://evil.example/api/info HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`, answer: '403 host_refused' },
  { what: 'an expectation that nobody knows', bytes: () => `GET /api/info HTTP/1.1\r\nHost: ${host}\r\nExpect: money\r\nConnection: close\r\n\r\n`, answer: '200' },
])('answers $what with a problem of its own', async ({ bytes, answer }) => {
  expect(await sent(bytes())).toEqual([answer])
  expect(await isAlive()).toBe(true)
})

it.each([
  { how: 'a length and chunks', headers: 'Content-Length: 6\r\nTransfer-Encoding: chunked' },
  { how: 'chunks and a length', headers: 'Transfer-Encoding: chunked\r\nContent-Length: 6' },
  { how: 'chunks by an odd name', headers: 'Transfer-Encoding: xchunked' },
  { how: 'chunks twice', headers: 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity' },
  { how: 'a length with a sign', headers: 'Content-Length: +6' },
  { how: 'a name with a space before its colon', headers: 'Content-Length : 6' },
])('takes no second request that is smuggled in behind $how', async ({ headers }) => {
  companion.upstream.length = 0
  const smuggled = `GET /health/live HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
  const answers = await sent(`POST /api/tasks/x/cancel HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${headers}\r\n\r\n0\r\n\r\n${smuggled}`)

  expect(answers).toEqual(['400 not_http'])
  expect(companion.upstream).toEqual([])
})

it('does not answer twice where a request is refused before its body is read', async () => {
  const inBody = `GET /api/info HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  const answers = await sent(`POST /api/projects/leak/similar HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/plain\r\nContent-Length: ${inBody.length}\r\nConnection: close\r\n\r\n${inBody}`)

  expect(answers).toEqual(['415 unsupported_media_type'])
})

it('gives up on who sends headers drop by drop, and on who sends nothing', async () => {
  const slow = rawBytes(companion.url, `GET /api/info HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `)
  const silent = rawBytes(companion.url, '')

  expect(answersIn(await slow)).toEqual(['408 request_timeout'])
  expect(answersIn(await silent)).toEqual(['408 request_timeout'])
}, 40_000)

it('stays reachable for others after somebody has opened a thousand connections', async () => {
  const { hostname, port } = new URL(companion.url)
  const sockets: Socket[] = []
  const settled = await Promise.all(Array.from({ length: 1_000 }, async () => {
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    socket.on('error', () => undefined)
    await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  }))
  // Those above the limit are closed at once, so that files are left for the store.
  await expect.poll(() => sockets.filter(socket => socket.destroyed || socket.readableEnded).length, { timeout: 20_000 }).toBeGreaterThan(400)
  for (const socket of sockets) socket.destroy()

  expect(settled).toHaveLength(1_000)
  await expect.poll(() => isAlive().catch(() => false), { timeout: 20_000 }).toBe(true)
}, 60_000)
