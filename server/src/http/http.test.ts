import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CSRF_HEADER, LIMITS, type Problem } from '@datashare-similarity/shared'
import { startCompanion, type TestCompanion } from '../testing/companion.ts'
import { endpoints } from './endpoints.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }
const ASK = JSON.stringify({ queries: ['who paid'] })
const COOKIE = '_ds_session_id={"login":"alice","roles":[],"sessionId":"00","redirectAfterLogin":"/"}; _ds_csrf_token=abc'

describe('the companion over HTTP', () => {
  let companion: TestCompanion
  let similar: string

  /** Sends exactly these headers: fetch would not let a test set Host, Origin or Cookie. */
  const send = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    new Promise<{ status: number, headers: Record<string, string | string[] | undefined>, body: Partial<Problem> & Record<string, unknown> }>((resolve, reject) => {
      const sent = request(`${companion.url.replace('localhost', '127.0.0.1')}${path}`, { method, headers: { ...headers, ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }) } }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => { text += chunk.toString() })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text === '' ? {} : JSON.parse(text) as Record<string, unknown> }))
      })
      sent.on('error', reject)
      sent.end(body)
    })

  beforeAll(async () => {
    companion = await startCompanion({})
    similar = '/api/projects/harbour/similar'
  })
  afterAll(() => companion[Symbol.asyncDispose]())

  describe('a request from a browser', () => {
    const browser = () => ({ ...JSON_TYPE, 'Origin': companion.pageUrl, 'Sec-Fetch-Site': 'same-site', 'Cookie': COOKIE, [CSRF_HEADER]: 'abc' })

    it('with allowed origin, JSON and the token is answered, for exactly its origin', async () => {
      const { status, headers } = await send('POST', similar, browser(), ASK)

      expect(status).toBe(200)
      expect(headers).toMatchObject({ 'access-control-allow-origin': companion.pageUrl, 'access-control-allow-credentials': 'true' })
      expect(String(headers['vary'])).toContain('Origin')
    })

    it.each([
      { case: 'without the token', change: { [CSRF_HEADER]: '' }, code: 'csrf_token_wrong', status: 403 },
      { case: 'with another token', change: { [CSRF_HEADER]: 'abd' }, code: 'csrf_token_wrong', status: 403 },
      { case: 'of another site', change: { Origin: 'https://evil.example' }, code: 'origin_refused', status: 403 },
      { case: 'of the origin null', change: { Origin: 'null' }, code: 'origin_refused', status: 403 },
      { case: 'as a form', change: { 'Content-Type': 'application/x-www-form-urlencoded' }, code: 'unsupported_media_type', status: 415 },
      { case: 'as plain text', change: { 'Content-Type': 'text/plain' }, code: 'unsupported_media_type', status: 415 },
    ])('$case is refused', async ({ change, code, status }) => {
      const answer = await send('POST', similar, { ...browser(), ...change }, ASK)

      expect(answer).toMatchObject({ status, body: { code } })
    })

    it('that only says it is same-site, without an origin, is refused', async () => {
      expect((await send('POST', similar, { ...JSON_TYPE, 'Sec-Fetch-Site': 'same-origin' }, ASK)).body.code).toBe('origin_refused')
    })

    it.each(['https://evil.example', 'null', 'http://localhost:1', 'https://localhost'])('gets no CORS header for the origin %s', async (origin) => {
      const { headers } = await send('OPTIONS', similar, { 'Origin': origin, 'Access-Control-Request-Method': 'POST' })

      expect(headers['access-control-allow-origin']).toBeUndefined()
    })

    it('gets its preflight answered', async () => {
      const { status, headers } = await send('OPTIONS', similar, { 'Origin': companion.pageUrl, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type,x-ds-csrf-token' })

      expect(status).toBe(204)
      expect(headers['access-control-allow-origin']).toBe(companion.pageUrl)
      expect(String(headers['access-control-allow-headers'])).toContain(CSRF_HEADER)
    })

    it('to read, made by another site, is refused', async () => {
      expect((await send('GET', '/api/projects', { 'Sec-Fetch-Site': 'cross-site' })).body.code).toBe('cross_site_refused')
    })
  })

  it('answers the command line without origin, cookie and token', async () => {
    expect((await send('POST', similar, JSON_TYPE, ASK)).status).toBe(200)
  })

  it('asks for the token wherever a cookie comes along', async () => {
    expect((await send('POST', similar, { ...JSON_TYPE, Cookie: '_ds_session_id={}' }, ASK)).body.code).toBe('csrf_token_wrong')
    expect((await send('DELETE', '/api/projects/harbour/vectors', { Cookie: COOKIE })).body.code).toBe('csrf_token_wrong')
  })

  it('is not served under a foreign host name', async () => {
    expect((await send('GET', '/api/info', { Host: 'evil.example:4780' })).body.code).toBe('host_refused')
  })

  it.each(['..%2F..%2Fetc', 'a%2Fb', '%C3%A9', 'a,b', '*', '_all', '-x', 'x'.repeat(300)])('refuses the project name %s as no name', async (name) => {
    expect(await send('GET', `/api/projects/${name}`)).toMatchObject({ status: 400, body: { code: 'invalid_project_name' } })
  })

  it.each([
    { case: 'no question', body: {}, pointer: '/queries' },
    { case: 'an empty question', body: { queries: ['  '] }, pointer: '/queries/0' },
    { case: 'too many questions', body: { queries: Array(LIMITS.queries + 1).fill('a') }, pointer: '/queries' },
    { case: 'a question beyond the limit', body: { queries: ['a'.repeat(LIMITS.textCharacters + 1)] }, pointer: '/queries/0' },
    { case: 'an absurd size', body: { queries: ['a'], size: 1e9 }, pointer: '/size' },
    { case: 'a window beyond the limit', body: { queries: ['a'], from: 950, size: 100 }, pointer: '/from' },
    { case: 'an inverted range of dates', body: { queries: ['a'], filters: { creationDate: { from: '2020-01-02', to: '2020-01-01' } } }, pointer: '/filters/creationDate/to' },
    { case: 'an inverted passage', body: { like: [{ documentId: 'x', passage: { start: 9, end: 3 } }] }, pointer: '/like/0/passage/end' },
    { case: 'a field that nobody knows', body: { queries: ['a'], url: 'http://169.254.169.254/' }, pointer: '/' },
  ])('answers 422 to $case, and points at it', async ({ body, pointer }) => {
    const answer = await send('POST', similar, JSON_TYPE, JSON.stringify(body))

    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
    expect(answer.body.errors?.[0]?.pointer).toBe(pointer)
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  it('answers 400 to what is no JSON, and 413 to what is too large', async () => {
    expect(await send('POST', similar, JSON_TYPE, '{"queries":')).toMatchObject({ status: 400, body: { code: 'malformed_request' } })
    expect(await send('POST', similar, JSON_TYPE, JSON.stringify({ queries: ['a'.repeat(5_000_000)] }))).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
  })

  it.each(['AND (', '*', '"', '"unclosed', '~~~', '\\', '\u0000', '😀', 'a'.repeat(9_999)])('takes the odd question %j without a fault', async (question) => {
    expect((await send('POST', similar, JSON_TYPE, JSON.stringify({ queries: [question] }))).status).toBe(200)
  })

  it('names the request in every problem, and says why and what to do', async () => {
    const { headers, body } = await send('GET', '/api/projects/nowhere')

    expect(body).toMatchObject({ status: 403, code: 'project_forbidden', requestId: headers['x-request-id'] })
    expect(body.fix).not.toBe('')
    expect(headers['cache-control']).toBe('no-store')
  })

  it('says the version of the API in every answer, also to a page of another origin', async () => {
    for (const [path, status] of [['/api/projects', 200], ['/api/projects/nowhere', 403], ['/api/nothing', 404]] as const) {
      const answer = await send('GET', path, { Origin: companion.pageUrl })
      expect(answer).toMatchObject({ status, headers: { 'x-similarity-api-version': '1' } })
      expect(answer.headers['access-control-expose-headers']).toContain('X-Similarity-Api-Version')
    }
  })

  it('answers 404 to an unknown address, and 405 to a method that an address does not take', async () => {
    expect((await send('GET', '/api/nothing')).body.code).toBe('route_unknown')
    expect(await send('DELETE', '/api/info')).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
  })

  it('describes every route of itself in OpenAPI', async () => {
    const { body } = await send('GET', '/api/openapi.json')
    const paths = body['paths'] as Record<string, Record<string, { responses: Record<string, unknown> }>>

    expect(body['openapi']).toBe('3.1.0')
    for (const { method, path, status } of Object.values(endpoints)) expect(paths[path]?.[method]?.responses).toHaveProperty(String(status))
    expect(JSON.stringify(body)).not.toContain('127.0.0.1')
  })

  it('shows what is open without sign-in, with no project in it', async () => {
    expect((await send('GET', '/health/live')).body).toEqual({ live: true })
    expect((await send('GET', '/health/ready')).body).toMatchObject({ ready: true })
    expect((await send('GET', '/api/info')).body).toMatchObject({ apiVersion: 1, datashare: { reachable: true, version: '21.18.0' }, store: 'lancedb', engine: 'local' })
    expect((await send('GET', '/api/models')).body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'all-MiniLM-L6-v2', bundled: true, installed: true, inUse: true })]))
  })

  it('answers a project that was never vectorized with empty groups and its coverage', async () => {
    const { status, body } = await send('POST', '/api/projects/meridian/similar', JSON_TYPE, JSON.stringify({ queries: ['a', 'b'] }))

    expect(status).toBe(200)
    expect(body).toMatchObject({ generation: null, coverage: { documents: 98, missing: 98 }, results: [{ documents: [], hasMore: false }, { documents: [] }] })
  })
})
