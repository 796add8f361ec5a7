import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CSRF_HEADER, type SimilarAnswer } from '@datashare-similarity/shared'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { rawBytes, type RawAnswer } from '../testing/raw-request.ts'

const SIMILAR = '/api/projects/leak/similar'
const KEY = { Authorization: 'Bearer alice-key' }
const JSON_TYPE = { 'Content-Type': 'application/json' }

let companion: GuardedCompanion
let cookie: string

beforeAll(async () => {
  companion = await startGuardedCompanion({
    documents: createEditableDocuments({ leak: { villa: 'The villa belongs to a nominee.', boat: 'The boat lies in the harbour.' }, locked: { secret: 'A locked secret.' } }),
    users: [{ uid: 'alice', password: 'wonderland', apiKey: 'alice-key', projects: ['leak'], roles: [{ role: 'PROJECT_EDITOR', on: 'default::leak' }] }],
  })
  await companion.vectorize('alice-key', 'leak')
  cookie = await companion.signIn('alice')
})
afterAll(() => companion[Symbol.asyncDispose]())
beforeEach(() => { companion.upstream.length = 0 })

const post = (body: string | Buffer, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  companion.send({ method: 'POST', path: SIMILAR, headers: { ...KEY, ...JSON_TYPE, ...headers }, body })
const codeOf = ({ json }: RawAnswer): unknown => (json as { code?: string }).code

describe('a method that is no question', () => {
  it('HEAD tells what GET tells, without a body, and of a foreign project nothing more than of an unknown one', async () => {
    const [got, head] = [await companion.send({ path: '/api/projects/leak', headers: KEY }), await companion.send({ method: 'HEAD', path: '/api/projects/leak', headers: KEY })]
    expect([head.status, head.text, head.headers['content-type']]).toEqual([200, '', got.headers['content-type']])
    const [locked, unknown] = await Promise.all(['locked', 'nowhere'].map(name => companion.send({ method: 'HEAD', path: `/api/projects/${name}`, headers: KEY })))
    expect([locked?.status, locked?.headers['content-length']]).toEqual([403, unknown?.headers['content-length']])
    expect((await companion.send({ method: 'HEAD', path: '/api/projects', headers: { ...KEY, 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403)
  })

  it('OPTIONS is answered without asking anybody, the same for every path', async () => {
    const paths = ['/api/projects/leak', '/api/projects/locked', '/api/projects/nowhere/similar', '/nothing', '*']
    for (const path of paths) expect(await companion.send({ method: 'OPTIONS', path, headers: { ...KEY, Cookie: cookie } })).toMatchObject({ status: 204, text: '' })
    expect(companion.upstream).toEqual([])
  })

  it.each(['TRACE', 'PUT', 'PATCH', 'PROPFIND'])('%s changes nothing', async (method) => {
    expect(await companion.send({ method, path: '/api/projects/leak', headers: KEY })).toMatchObject({ status: 405, json: { code: 'method_not_allowed' } })
    expect(companion.upstream).toEqual([])
  })

  it('an override of the method is no method', async () => {
    const answer = await companion.send({ path: '/api/projects/leak?_method=DELETE', headers: { ...KEY, 'X-HTTP-Method-Override': 'DELETE', 'X-HTTP-Method': 'DELETE', 'X-Original-URL': '/api/projects/leak/vectors' } })
    expect(answer).toMatchObject({ status: 200, json: { project: 'leak', coverage: { vectorized: 2 } } })
  })

  it('no connection becomes another protocol', async () => {
    for (const upgrade of ['websocket', 'h2c', 'TLS/1.0']) {
      const answer = await rawBytes(companion.url, `GET /api/info HTTP/1.1\r\nHost: ${new URL(companion.url).host}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    }
  })
})

describe('a header that comes twice', () => {
  const host = (): string => new URL(companion.url).host
  const body = JSON.stringify({ queries: ['villa'] })
  const send = async (...headers: string[]): Promise<string> => {
    const answer = await rawBytes(companion.url, `POST ${SIMILAR} HTTP/1.1\r\nHost: ${host()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n${body}`)
    return /"code":"(\w+)"/.exec(answer)?.[1] ?? /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'nothing'
  }
  const token = (): string => /_ds_csrf_token=(\w+)/.exec(cookie)?.[1] ?? ''

  it('is no way around the origin or the token', async () => {
    const [mine, evil] = [`Origin: ${companion.datashareUrl}`, 'Origin: https://evil.example']
    const [session, right] = [`Cookie: ${cookie}`, `${CSRF_HEADER}: ${token()}`]
    expect(await send(session, right, mine)).toBe('200')
    expect(await send(session, right, mine, evil)).toBe('origin_refused')
    expect(await send(session, right, evil, mine)).toBe('origin_refused')
    expect(await send(session, mine, right, `${CSRF_HEADER}: other`)).toBe('csrf_token_wrong')
    expect(await send(session, mine, `${CSRF_HEADER}: other`, right)).toBe('csrf_token_wrong')
  })

  it('is one caller to the companion and to Datashare', async () => {
    expect(await send('Authorization: Bearer nobody', 'Authorization: Bearer alice-key')).toBe('anonymous')
    expect(companion.upstream.map(({ authorization }) => authorization)).toEqual(['Bearer nobody'])
  })
})

describe('an address', () => {
  it.each([
    ['/api/projects/leak%2F..%2Flocked/similar', 'invalid_project_name'], ['/api/projects/leak%2fsimilar/similar', 'invalid_project_name'], ['/api/projects/leak;locked/similar', 'invalid_project_name'],
    ['/api/projects/leak%00/similar', 'invalid_project_name'], ['/api/projects/leak%0d%0aX-A:%20b/similar', 'invalid_project_name'], ['/api/projects/%252e%252e/similar', 'invalid_project_name'],
    ['/api/projects/%ff/similar', 'malformed_request'], ['/api/projects/%/similar', 'malformed_request'], ['/api/projects/leak\\x/similar', 'invalid_project_name'],
    ['/api/../api/projects/locked/similar', 'route_unknown'], ['//api/projects/locked/similar', 'route_unknown'], ['/api/projects//similar', 'route_unknown'],
    ...['ｌｅａｋ', 'leak\u200b', '\u202eleak', 'lea\u212a', 'le\u0301ak', 'lеak', '漏', 'leak '].map(name => [`/api/projects/${encodeURIComponent(name)}/similar`, 'invalid_project_name']),
  ])('%s is no project but %s', async (path, code) => {
    expect(codeOf(await companion.send({ method: 'POST', path, headers: { ...KEY, ...JSON_TYPE }, body: '{"queries":["secret"]}' }))).toBe(code)
    expect(companion.upstream.filter(({ path: asked }) => asked.includes('_search'))).toEqual([])
  })

  it.each(['size=1&size=2', 'size=1e1', 'size=0x10', 'size=%D9%A1', 'size=-1', 'size=1e400', 'size=NaN', 'size[]=1', 'from=9007199254740993'])('takes no odd page: %s', async (query) => {
    const answer = await companion.send({ path: `/api/projects/leak/documents?status=vectorized&${query}`, headers: KEY })
    expect([200, 422]).toContain(answer.status)
    if (answer.status === 200) expect(answer.json).toMatchObject({ pagination: { from: 0 } })
  })

  it('sets nothing on the objects of everybody', async () => {
    await companion.send({ path: '/api/tasks?__proto__[polluted]=1&constructor[prototype][polluted]=1&__proto__=x', headers: KEY })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('a body', () => {
  it.each([
    '{"queries":["villa"],"__proto__":{"size":1}}', '{"queries":["villa"],"constructor":{"prototype":{"size":1}}}', '{"__proto__":{"queries":["villa"]}}', '{"queries":["villa"],"filters":{"__proto__":{"path":"/nowhere"}}}',
  ])('changes nothing by a name that objects inherit: %s', async (body) => {
    const answer = await post(body)
    expect([200, 422]).toContain(answer.status)
    if (answer.status === 200) expect((answer.json as SimilarAnswer).results[0]?.documents.map(({ documentId }) => documentId)).toEqual(['villa', 'boat'])
    expect(({} as Record<string, unknown>)['size']).toBeUndefined()
  })

  it.each(['1e400', '-1e400', '1e-7', '9007199254740993', '0.1', '"10"', 'null', 'true', '[10]', '{"valueOf":1}'])('asks for no odd number of results: %s', async (size) => {
    expect(await post(`{"queries":["villa"],"size":${size}}`)).toMatchObject({ status: 422, json: { code: 'invalid_request' } })
  })

  it.each([
    { what: 'arrays in arrays', body: `{"queries":${'['.repeat(400_000)}${']'.repeat(400_000)}}` },
    { what: 'objects in objects', body: `{"queries":["a"],"filters":${'{"path":'.repeat(100_000)}1${'}'.repeat(100_000)}}` },
    { what: 'a hundred thousand fields', body: `{"queries":["a"],${Array.from({ length: 90_000 }, (_, index) => `"f${index}":1`).join()}}` },
    { what: 'nothing but queries', body: `{"queries":[${Array(200_000).fill('"a"').join()}]}` },
  ])('of $what is refused in few words', async ({ body }) => {
    const answer = await post(body)
    expect([400, 422]).toContain(answer.status)
    expect(answer.text.length).toBeLessThan(20_000)
  })

  it.each([['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync], ['zstd', zstdCompressSync]] as const)('that is small only while it is packed as %s is too large', async (encoding, pack) => {
    const bomb = pack(Buffer.alloc(50_000_000, '['))
    expect(bomb.length).toBeLessThan(1_000_000)
    expect(await post(bomb, { 'Content-Encoding': encoding })).toMatchObject({ status: 413, json: { code: 'payload_too_large' } })
  })

  it.each([
    { headers: { 'Content-Encoding': 'compress' }, code: 'unsupported_media_type' }, { headers: { 'Content-Encoding': 'gzip' }, code: 'malformed_request' },
    { headers: { 'Content-Type': 'application/json; charset=latin1' }, code: 'unsupported_media_type' }, { headers: { 'Content-Type': 'text/json' }, code: 'unsupported_media_type' },
    { headers: { 'Content-Type': 'application/x-www-form-urlencoded, application/json' }, code: 'unsupported_media_type' }, { headers: { 'Content-Type': '' }, code: 'unsupported_media_type' },
  ])('in another code is no JSON: $headers', async ({ headers, code }) => {
    expect(codeOf(await post('{"queries":["villa"]}', headers))).toBe(code)
  })

  it.each([
    { what: 'quotes', query: '"'.repeat(9_999) }, { what: 'quotes that nobody closes', query: '“'.repeat(10_000) }, { what: 'low quotes that nobody closes', query: '„a'.repeat(5_000) }, { what: 'phrases', query: '"a" '.repeat(500) }, { what: 'one word', query: 'a'.repeat(10_000) }, { what: 'accents', query: `a${'\u0301'.repeat(9_999)}` },
    { what: 'emoji', query: '😀'.repeat(5_000) }, { what: 'spaces', query: `a${' '.repeat(9_998)}b` }, { what: 'apostrophes', query: 'l\''.repeat(5_000) }, { what: 'ligatures that unfold', query: '\ufdfa'.repeat(10_000) }, { what: 'Chinese', query: '漏'.repeat(10_000) },
    { what: 'different words', query: Array.from({ length: 1_600 }, (_, index) => `w${index}`).join(' ') },
  ])('of twenty queries that are nothing but $what is answered', async ({ query }) => {
    expect((await post(JSON.stringify({ queries: Array(20).fill(query) }))).status).toBe(200)
  }, 60_000)
})
