import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { CSRF_HEADER } from '@datashare-similarity/shared'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { rawBytes } from '../testing/raw-request.ts'

const ALLOWED = 'https://datashare'
const SIMILAR = '/api/projects/leak/similar'
const ASK = JSON.stringify({ queries: ['who owns the villa'] })
const JSON_TYPE = { 'Content-Type': 'application/json' }

let companion: GuardedCompanion
let cookie: string

beforeAll(async () => {
  companion = await startGuardedCompanion({
    documents: createEditableDocuments({ leak: { villa: 'The villa belongs to a nominee.', markup: 'The invoice says <img src=x onerror=alert(1)> in its header.' } }),
    users: [
      { uid: 'alice', password: 'wonderland', apiKey: 'alice-key', projects: ['leak'], roles: [{ role: 'PROJECT_EDITOR', on: 'default::leak' }] },
      { uid: 'bob', password: 'builder', apiKey: 'bob-key', projects: [] },
    ],
    env: { SIMILARITY_ALLOWED_ORIGINS: ALLOWED },
  })
  await companion.vectorize('alice-key', 'leak')
  cookie = await companion.signIn('alice')
})
afterAll(() => companion[Symbol.asyncDispose]())
beforeEach(() => {
  companion.upstream.length = 0
  companion.datashare.answer = null
})

const browser = (): Record<string, string> => ({ ...JSON_TYPE, 'Cookie': cookie, 'Origin': ALLOWED, 'Sec-Fetch-Site': 'same-site' })
const tokenOf = (): string => /_ds_csrf_token=(\w+)/.exec(cookie)?.[1] ?? ''
const withToken = (): Record<string, string> => ({ ...browser(), [CSRF_HEADER]: tokenOf() })
const post = (headers: Record<string, string>, body = ASK) => companion.send({ method: 'POST', path: SIMILAR, headers, body })

it('S1: a search with a valid cookie but no token is refused, and Datashare is not asked', async () => {
  expect((await post(withToken())).status).toBe(200)
  companion.upstream.length = 0

  expect(await post(browser())).toMatchObject({ status: 403, json: { code: 'csrf_token_wrong' } })
  expect(companion.upstream).toEqual([])
})

it.each(['', 'wrong', '00112233445566778899aabbccddeef', 'undefined'])('S2: a search with the wrong token %j is refused', async (token) => {
  expect(await post({ ...browser(), [CSRF_HEADER]: token })).toMatchObject({ status: 403, json: { code: 'csrf_token_wrong' } })
  expect(companion.upstream).toEqual([])
})

it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])('S3: a cross-site form of type %s is refused', async (type) => {
  const evil = { 'Cookie': cookie, 'Origin': 'https://evil.example', 'Sec-Fetch-Site': 'cross-site', 'Content-Type': type }
  expect((await post(evil, 'queries=villa')).status).toBe(403)
  expect(await post({ ...withToken(), 'Content-Type': type }, 'queries=villa')).toMatchObject({ status: 415, json: { code: 'unsupported_media_type' } })
  expect(companion.upstream).toEqual([])
})

it('S3: what changes is no GET, and a GET of another site is refused', async () => {
  for (const path of ['/api/projects/leak/vectorize', '/api/projects/leak/vectors', SIMILAR, '/api/tasks/x/cancel', '/api/tasks/x/resume']) {
    expect((await companion.send({ path, headers: { Cookie: cookie } })).status).toBe(405)
  }
  expect(await companion.send({ path: '/api/projects', headers: { 'Cookie': cookie, 'Sec-Fetch-Site': 'cross-site' } })).toMatchObject({ status: 403, json: { code: 'cross_site_refused' } })
})

it.each(['https://evil.example', 'null', 'https://datashare.icij.org.evil.example', 'http://datashare:8080', 'http://datashare', 'https://datashare.evil.example', 'https://sub.datashare'])(
  'S4: the origin %s gets no CORS header, neither for a preflight nor for a request', async (origin) => {
    const preflight = await companion.send({ method: 'OPTIONS', path: SIMILAR, headers: { 'Origin': origin, 'Access-Control-Request-Method': 'POST' } })
    const read = await companion.send({ path: '/api/info', headers: { Origin: origin } })
    const search = await post({ ...withToken(), Origin: origin })

    for (const { headers } of [preflight, read, search]) {
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(String(headers['vary'])).toContain('Origin')
    }
    expect(search).toMatchObject({ status: 403, json: { code: 'origin_refused' } })
  })

it('S4: the allowed origin gets exactly itself, with credentials', async () => {
  const { headers } = await post(withToken())
  expect(headers).toMatchObject({ 'access-control-allow-origin': ALLOWED, 'access-control-allow-credentials': 'true' })
})

it('S4: a page of another name that resolves to the companion is not served', async () => {
  expect(await companion.send({ path: '/api/info', headers: { Host: 'rebound.example' } })).toMatchObject({ status: 403, json: { code: 'host_refused' } })
})

it('S13: a request of 5 MB is refused before its body is read', async () => {
  // Only the head is sent: whoever waited for the body would not answer.
  const answer = await rawBytes(companion.url, `POST ${SIMILAR} HTTP/1.1\r\nHost: ${new URL(companion.url).host}\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\nAuthorization: Bearer alice-key\r\n\r\n`)

  expect(answer).toContain('HTTP/1.1 413')
  expect(companion.upstream).toEqual([])
})

it('S13: a request that hides its length is refused once it is too large', async () => {
  const body = JSON.stringify({ queries: ['a'.repeat(5_000_000)] })
  const answer = await fetch(`${companion.url}${SIMILAR}`, { method: 'POST', headers: { ...JSON_TYPE, Authorization: 'Bearer alice-key' }, body: new Blob([body]).stream(), duplex: 'half' }).catch(() => null)
  if (answer !== null) expect(answer.status).toBe(413)
  expect((await companion.as('alice-key')('POST', SIMILAR, { queries: ['villa'] })).status).toBe(200)
})

it.each([{ size: 1e9 }, { from: 1e9 }, { size: -1 }, { size: 1.5 }, { queries: Array(1_000).fill('a') }])('S14: an absurd amount is refused: %j', async (amount) => {
  expect(await companion.as('alice-key')('POST', SIMILAR, { queries: ['villa'], ...amount })).toMatchObject({ status: 422, json: { code: 'invalid_request' } })
})

it('S16: addresses in a request lead nowhere', async () => {
  for (const field of ['url', 'datashareUrl', 'elasticsearchUrl', 'model', 'host']) {
    const { status } = await companion.as('alice-key')('POST', SIMILAR, { queries: ['villa'], [field]: 'http://169.254.169.254/latest/meta-data' })
    expect(status).toBe(422)
  }
  const headers = { 'Authorization': 'Bearer alice-key', 'X-Forwarded-Host': '169.254.169.254', 'X-Original-URL': 'http://169.254.169.254/', 'Forwarded': 'host=169.254.169.254' }
  expect((await companion.send({ path: '/api/projects/leak?url=http://169.254.169.254/', headers })).status).toBe(200)
  expect(companion.upstream.every(({ path }) => path.startsWith('/'))).toBe(true)
})

it('S16: a redirect from Datashare is not followed', async () => {
  const reached: string[] = []
  companion.datashare.answer = (request, response) => {
    reached.push(request.path)
    response.redirect(302, `${companion.datashareUrl}/inner`)
  }
  expect(await companion.as('redirected-key')('GET', '/api/projects/leak')).toMatchObject({ status: 503, json: { code: 'datashare_unreachable' } })
  expect(reached).toEqual(['/api/users/me'])
})

it('S26: markup of a document goes out as text within JSON, which no browser takes for a page', async () => {
  const { headers, json } = await companion.as('alice-key')('POST', SIMILAR, { queries: ['invoice header'] })
  expect(headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  expect(headers['content-security-policy']).toContain('default-src \'none\'')
  expect(JSON.stringify(json)).toContain('<img src=x onerror=alert(1)>')
})

it('S31: an API key works without cookies and without a token', async () => {
  expect((await companion.as('alice-key')('POST', SIMILAR, { queries: ['villa'] })).status).toBe(200)
})

it.each(['{"login":"alice","roles":[],"sessionId":"long gone","redirectAfterLogin":"/"}', ''])('S31: an API key beside the stale cookie %s goes to Datashare verbatim, which decides', async (session) => {
  const sent = `_ds_session_id=${session}; _ds_csrf_token=abc; other="é, ü"`
  const latin = Buffer.from(sent).toString('latin1')
  const answer = await post({ ...JSON_TYPE, Cookie: latin, Authorization: 'Bearer alice-key', [CSRF_HEADER]: 'abc' })

  expect(answer).toMatchObject({ status: 401, json: { code: 'anonymous' } })
  expect(companion.upstream).toMatchObject([{ path: '/api/users/me', cookie: latin, authorization: 'Bearer alice-key' }])
})

it('S31: an API key beside the cookie of somebody else is that somebody, never a mix of two', async () => {
  const bobs = await companion.signIn('bob')
  const answer = await post({ ...JSON_TYPE, Cookie: bobs, Authorization: 'Bearer alice-key', [CSRF_HEADER]: tokenOf() })
  const alices = await companion.send({ path: '/api/projects/leak', headers: { Cookie: cookie, Authorization: 'Bearer bob-key' } })

  expect(answer).toMatchObject({ status: 403, json: { code: 'project_forbidden' } })
  expect(alices.status).toBe(200)
})
