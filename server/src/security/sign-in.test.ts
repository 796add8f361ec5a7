import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CSRF_HEADER, type Project, type SimilarAnswer, type Task } from '@datashare-similarity/shared'
import type { StandInUser } from '../demo/stand-in-sign-in.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion, type GuardedOptions } from '../testing/guarded-companion.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { rawRequest, type RawAnswer } from '../testing/raw-request.ts'
import { startReverseProxy, type ReverseProxy } from '../testing/reverse-proxy.ts'

const OUTER = 'https://datashare.newsroom.example'
const OUTER_HOST = 'datashare.newsroom.example'
const PREFIX = '/similarity'
const SIMILAR = '/api/projects/leak/similar'
const QUERY = { queries: ['who owns the villa'] }
const JSON_TYPE = { 'Content-Type': 'application/json' }
const TOKEN = '00112233445566778899aabbccddeeff'

const alice: StandInUser = { uid: 'alice', password: 'wonder:land', apiKey: 'alice-key', projects: ['leak'], roles: [{ role: 'PROJECT_EDITOR', on: 'default::leak' }] }
const bob: StandInUser = { uid: 'bob', password: 'builder', apiKey: 'bob-key', projects: [] }
const start = (options: Partial<GuardedOptions>): Promise<GuardedCompanion> =>
  startGuardedCompanion({ documents: createEditableDocuments({ leak: { villa: 'The villa belongs to a nominee.', boat: 'The boat lies in the harbour.' } }), users: [alice, bob], ...options })

const basic = ({ uid, password = '' }: StandInUser): string => `Basic ${Buffer.from(`${uid}:${password}`).toString('base64')}`
const shownIds = ({ json }: RawAnswer): string[] => (json as SimilarAnswer).results.flatMap(({ documents }) => documents.map(({ documentId }) => documentId))
const codeOf = ({ json }: RawAnswer): unknown => (json as { code?: string }).code

describe('beside a Datashare with basic authentication', () => {
  let companion: GuardedCompanion
  const send = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    companion.send({ method, path, headers: { ...JSON_TYPE, ...headers }, ...body !== undefined && { body: JSON.stringify(body) } })

  beforeAll(async () => {
    companion = await start({ signIn: { auth: 'basic' } })
    expect(await companion.vectorize({ Authorization: basic(alice) }, 'leak')).toMatchObject({ state: 'DONE', createdBy: 'alice' })
  })
  afterAll(() => companion[Symbol.asyncDispose]())
  beforeEach(() => { companion.upstream.length = 0 })

  it('the password reaches Datashare as it came, without any session, and with a token that is made up for the search', async () => {
    const found = await send('POST', SIMILAR, { Authorization: basic(alice) }, QUERY)

    expect(found.status).toBe(200)
    expect(shownIds(found)).toContain('villa')
    expect(new Set(companion.upstream.map(({ authorization }) => authorization))).toEqual(new Set([basic(alice)]))
    const search = companion.upstream.find(({ method }) => method === 'POST')
    expect(search?.path).toBe('/api/index/search/leak/_search')
    expect(search?.cookie).toMatch(/^_ds_csrf_token=[0-9a-f]{32}$/)
    expect(search?.cookie).toBe(`_ds_csrf_token=${search?.csrf}`)
    expect(companion.upstream.filter(({ method }) => method === 'GET').map(({ cookie }) => cookie)).not.toContainEqual(expect.anything())
  })

  it('the token that the browser got from Datashare goes along, and is asked for', async () => {
    const headers = { 'Authorization': basic(alice), 'Cookie': `_ds_csrf_token=${TOKEN}`, 'Origin': companion.datashareUrl, 'Sec-Fetch-Site': 'same-site' }
    expect(codeOf(await send('POST', SIMILAR, headers, QUERY))).toBe('csrf_token_wrong')
    expect(companion.upstream).toEqual([])
    expect((await send('POST', SIMILAR, { ...headers, [CSRF_HEADER]: TOKEN }, QUERY)).status).toBe(200)
    expect(companion.upstream.find(({ method }) => method === 'POST')).toMatchObject({ cookie: `_ds_csrf_token=${TOKEN}`, csrf: TOKEN })
  })

  it.each([
    { who: 'nobody', headers: {} },
    { who: 'a wrong password', headers: { Authorization: basic({ ...alice, password: 'wonder' }) } },
    { who: 'a key, which counts for nothing here', headers: { Authorization: 'Bearer alice-key' } },
    { who: 'no base64 at all', headers: { Authorization: 'Basic ???' } },
  ])('$who is anonymous', async ({ headers }) => {
    expect(await send('POST', SIMILAR, headers, QUERY)).toMatchObject({ status: 401, json: { code: 'anonymous' } })
  })

  it('a session cookie counts for nothing: who sends it is who the password says', async () => {
    const stale = `_ds_session_id={"login":"alice","roles":[],"sessionId":"x","redirectAfterLogin":"/"}; _ds_csrf_token=${TOKEN}`
    const ask = (user: StandInUser) => send('POST', SIMILAR, { Authorization: basic(user), Cookie: stale, [CSRF_HEADER]: TOKEN }, QUERY)
    expect((await ask(alice)).status).toBe(200)
    expect(await ask(bob)).toMatchObject({ status: 403, json: { code: 'project_forbidden' } })
    expect(companion.upstream[0]).toMatchObject({ cookie: stale, authorization: basic(alice) })
  })

  it('no password is logged', () => {
    expect(companion.log()).not.toContain(basic(alice).slice('Basic '.length))
    expect(companion.log()).not.toContain('wonder:land')
  })
})

it('a password is no way in beside a Datashare with the form', async () => {
  await using companion = await start({})
  expect(await companion.send({ path: '/api/projects/leak', headers: { Authorization: basic(alice) } })).toMatchObject({ status: 401, json: { code: 'anonymous' } })
})

describe.each(['LOCAL', 'EMBEDDED'] as const)('beside a Datashare in %s mode', (mode) => {
  let companion: GuardedCompanion
  beforeAll(async () => { companion = await start({ users: [], signIn: { mode }, env: { SIMILARITY_VECTORIZE_ROLE: 'PROJECT_ADMIN' } }) })
  afterAll(() => companion[Symbol.asyncDispose]())
  const send = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    companion.send({ method, path, headers: { ...JSON_TYPE, ...headers }, ...body !== undefined && { body: JSON.stringify(body) } })

  it('everybody who reaches the companion is its one user, may vectorize, and finds', async () => {
    expect(await companion.vectorize({}, 'leak')).toMatchObject({ state: 'DONE', createdBy: 'local' })
    const found = await send('POST', SIMILAR, {}, QUERY)

    expect(shownIds(found)).toContain('villa')
    expect((await send('GET', '/api/projects/leak', {})).json as Project).toMatchObject({ permissions: { vectorize: true, wipe: true } })
    expect(codeOf(await send('POST', '/api/projects/other/similar', {}, QUERY))).toBe('project_forbidden')
  }, 90_000)

  it('a page of another site gets nothing all the same, whether or not it sends cookies', async () => {
    for (const cookie of [undefined, `_ds_session_id={}; _ds_csrf_token=${TOKEN}`]) {
      const headers = { 'Origin': 'https://evil.example', 'Sec-Fetch-Site': 'cross-site', [CSRF_HEADER]: TOKEN, ...cookie !== undefined && { Cookie: cookie } }
      expect(codeOf(await send('POST', SIMILAR, headers, QUERY))).toBe('origin_refused')
      expect(codeOf(await send('DELETE', '/api/projects/leak/vectors', headers))).toBe('origin_refused')
    }
    expect(codeOf(await send('GET', '/api/projects', { 'Sec-Fetch-Site': 'cross-site' }))).toBe('cross_site_refused')
    expect(codeOf(await send('GET', '/api/projects', { Host: 'rebound.example' }))).toBe('host_refused')
  })
})

/** The browser's side of one origin: the cookies that it was given, and the headers that it adds. */
function browserAt(proxy: ReverseProxy, host = OUTER_HOST, origin = OUTER) {
  const jar = new Map<string, string>()
  const cookie = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const send = async (method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<RawAnswer> => {
    const own = { 'Host': host, ...jar.size > 0 && { Cookie: cookie() }, ...method !== 'GET' && { Origin: origin }, 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' }
    const token = jar.get('_ds_csrf_token')
    const answer = await rawRequest(proxy.url, { method, path, headers: { ...own, ...method !== 'GET' && JSON_TYPE, ...token !== undefined && { [CSRF_HEADER]: token }, ...more }, ...body !== undefined && { body: JSON.stringify(body) } })
    for (const set of [answer.headers['set-cookie'] ?? []].flat()) {
      const [name = '', value = ''] = (set.split('; version=1')[0] ?? '').split(/=(.*)/s)
      jar.set(name, value)
    }
    return answer
  }
  return { send, cookie }
}

describe('behind a reverse proxy that gives Datashare and the companion one origin', () => {
  const codes = new Map<string, string>()
  const behind = new Map<'true' | 'false', { proxy: ReverseProxy, companion: GuardedCompanion }>()
  const running: AsyncDisposable[] = []
  let provider: TestServer

  async function openBehindProxy(options: Partial<GuardedOptions>) {
    const proxy = await startReverseProxy()
    const companion = await start({ ...options, env: { SIMILARITY_PUBLIC_URL: `${OUTER}${PREFIX}`, ...options.env } })
    running.push(proxy, companion)
    proxy.routes.set('/', companion.datashareUrl).set(`${PREFIX}/`, companion.url)
    await companion.vectorize('alice-key', 'leak')
    return { proxy, companion }
  }
  /** With SIMILARITY_TRUST_PROXY as named. */
  function opened(trusted: 'true' | 'false') {
    const pair = behind.get(trusted)
    if (pair === undefined) throw new Error('not open')
    pair.proxy.manners = 'keeps Host'
    pair.companion.upstream.length = 0
    return pair
  }
  async function signedIn(proxy: ReverseProxy, host?: string, origin?: string) {
    const browser = browserAt(proxy, host, origin)
    expect((await browser.send('POST', '/auth/login', { username: alice.uid, password: alice.password })).status).toBe(200)
    expect((await browser.send('GET', '/api/users/me')).status).toBe(200)
    return browser
  }

  beforeAll(async () => {
    // Who is asked to sign in is alice, and she does.
    provider = await serveHttp((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://provider')
      const code = `code-${codes.size}`
      codes.set(code, 'alice')
      response.writeHead(303, { Location: `${searchParams.get('redirect_uri') ?? ''}?code=${code}&state=${searchParams.get('state') ?? ''}` }).end()
    })
    for (const trusted of ['true', 'false'] as const) behind.set(trusted, await openBehindProxy({ env: { SIMILARITY_TRUST_PROXY: trusted } }))
  })
  afterAll(async () => {
    for (const each of [...running.reverse(), provider]) await each[Symbol.asyncDispose]()
  })

  it.each([
    { manners: 'keeps Host', trusted: 'false' },
    { manners: 'keeps Host', trusted: 'true' },
    { manners: 'sets X-Forwarded-Host', trusted: 'false' },
    { manners: 'sets X-Forwarded-Host', trusted: 'true' },
  ] as const)('who signed in with the form finds, and the cookie reaches Datashare as it came (the proxy $manners; trusted: $trusted)', async ({ manners, trusted }) => {
    const { proxy, companion } = opened(trusted)
    proxy.manners = manners
    const browser = await signedIn(proxy)
    companion.upstream.length = 0

    expect(shownIds(await browser.send('POST', `${PREFIX}${SIMILAR}`, QUERY))).toContain('villa')
    expect(browser.cookie()).toMatch(/^_ds_session_id=\{"login":"alice",.*\}; _ds_csrf_token=/)
    expect(new Set(companion.upstream.map(({ cookie }) => cookie))).toEqual(new Set([browser.cookie()]))
  })

  it('whoever starts a vectorization is led to its task below the prefix, and no answer names an inner address', async () => {
    const { proxy } = opened('false')
    const browser = await signedIn(proxy)
    const path = `${PREFIX}/api/projects/leak/vectorize`
    const started = await browser.send('POST', path, {})
    expect(started.status).toBe(202)

    const task = new URL(String(started.headers['location']), `${OUTER}${path}`).pathname
    expect(task).toBe(`${PREFIX}/api/tasks/${(started.json as { task: Task }).task.id}`)
    await expect.poll(async () => ((await browser.send('GET', task)).json as Task).state, { timeout: 60_000 }).toBe('DONE')
    for (const open of ['/api/info', '/api/openapi.json', '/health/ready']) expect((await browser.send('GET', `${PREFIX}${open}`)).text).not.toMatch(/127\.0\.0\.1|localhost/)
  }, 90_000)

  it('the address that DATASHARE_URL names is an origin and a name of its own, so that no other setting is needed', async () => {
    const { proxy, companion } = opened('false')
    const outer = await startReverseProxy()
    await using own = await start({ env: { DATASHARE_URL: outer.url } })
    running.push(outer)
    outer.routes.set('/', companion.datashareUrl).set(`${PREFIX}/`, own.url)
    const browser = await signedIn(outer, new URL(outer.url).host, outer.url)
    companion.upstream.length = 0

    expect((await browser.send('POST', `${PREFIX}${SIMILAR}`, QUERY)).status).toBe(200)
    expect(companion.upstream.map(({ path }) => path)).toContain('/api/users/me')
    expect(codeOf(await (await signedIn(proxy)).send('POST', `${PREFIX}${SIMILAR}`, QUERY, { Origin: outer.url }))).toBe('origin_refused')
  })

  it('a page of another origin, and one that repeats no token, change and find nothing', async () => {
    const { proxy, companion } = opened('false')
    const browser = await signedIn(proxy)
    companion.upstream.length = 0
    for (const origin of ['https://evil.example', 'null', `https://${OUTER_HOST}:8443`, `http://${OUTER_HOST}`, `${OUTER}.evil.example`, `${OUTER}, https://evil.example`]) {
      const refused = await browser.send('POST', `${PREFIX}${SIMILAR}`, QUERY, { 'Origin': origin, 'Sec-Fetch-Site': 'cross-site' })
      expect(codeOf(refused)).toBe('origin_refused')
      expect(refused.headers['access-control-allow-origin']).toBeUndefined()
    }
    expect(codeOf(await browser.send('POST', `${PREFIX}${SIMILAR}`, QUERY, { [CSRF_HEADER]: 'guessed' }))).toBe('csrf_token_wrong')
    expect(codeOf(await browser.send('POST', `${PREFIX}${SIMILAR}`, QUERY, { 'Content-Type': 'text/plain' }))).toBe('unsupported_media_type')
    expect(companion.upstream).toEqual([])
  })

  it('a name that only resolves to the proxy is refused where the proxy tells it, however a page dresses up', async () => {
    const { proxy } = opened('true')
    const rebound = browserAt(proxy, 'rebound.example', 'https://rebound.example')
    for (const manners of ['keeps Host', 'sets X-Forwarded-Host', 'adds X-Forwarded-Host'] as const) {
      proxy.manners = manners
      const disguise: Record<string, string> = manners === 'keeps Host' ? {} : { 'X-Forwarded-Host': OUTER_HOST }
      expect(codeOf(await rebound.send('GET', `${PREFIX}/api/info`, undefined, disguise))).toBe('host_refused')
    }
    proxy.manners = 'sets X-Forwarded-Host'
    expect((await browserAt(proxy).send('GET', `${PREFIX}/api/info`, undefined, { 'X-Forwarded-Host': 'rebound.example' })).status).toBe(200)
  })

  it('forwarded headers count for nothing where the proxy is not trusted', async () => {
    const { companion } = opened('false')
    const forged = { 'X-Forwarded-Host': OUTER_HOST, 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '127.0.0.1', 'Forwarded': `host=${OUTER_HOST}` }
    expect(codeOf(await companion.send({ path: '/api/info', headers: { ...forged, Host: 'rebound.example' } }))).toBe('host_refused')
  })

  it('who signed in with OAuth is known by the same cookie, until signing out', async () => {
    const { proxy, companion } = await openBehindProxy({ signIn: { auth: 'oauth', provider: { url: provider.url, uidOf: code => codes.get(code) } } })
    const browser = browserAt(proxy)
    const search = () => browser.send('POST', `${PREFIX}${SIMILAR}`, QUERY)
    expect((await search())).toMatchObject({ status: 401, json: { code: 'anonymous' } })

    const toProvider = await browser.send('GET', '/auth/signin')
    const back = await rawRequest(provider.url, { path: String(toProvider.headers['location']).slice(provider.url.length) })
    const callback = new URL(String(back.headers['location']))
    expect(callback.host).toBe(OUTER_HOST)
    expect((await browser.send('GET', `${callback.pathname}?code=stolen&state=guessed`)).status).toBe(401)
    expect(await browser.send('GET', callback.pathname + callback.search)).toMatchObject({ status: 303, headers: { location: '/' } })
    await browser.send('GET', '/api/users/me')

    companion.upstream.length = 0
    expect(shownIds(await search())).toContain('villa')
    expect(companion.upstream[0]).toMatchObject({ path: '/api/users/me', cookie: browser.cookie(), authorization: undefined })

    await browser.send('GET', '/auth/signout')
    // Who it was is remembered for some seconds, but what shows documents asks Datashare each time.
    expect(await search()).toMatchObject({ status: 403, json: { code: 'project_forbidden' } })
    expect(await search()).toMatchObject({ status: 401, json: { code: 'anonymous' } })
  }, 90_000)
})
