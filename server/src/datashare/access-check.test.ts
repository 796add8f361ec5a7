import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../log.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { createAccessCheck, type VectorizeRole } from './access-check.ts'
import type { AccessCheck, Credentials } from './access.ts'

/** As Datashare sets it: raw JSON, which no cookie parser keeps. */
const SESSION = '_ds_session_id={"login":"alice","roles":[],"sessionId":"00112233445566778899aabbccddeeff","redirectAfterLogin":"/"}; _ds_csrf_token=ffee; other="é, ü"'
const alice: Credentials = { cookie: SESSION, authorization: undefined }

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const json = (status: number, body: unknown): Answer => (_request, response) => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))
}
const me = (...projects: string[]): Answer => json(200, { uid: 'alice', projects: projects.map(name => ({ name, label: name })), email: null })
const role = (v1: string, v2: string, v0 = 'alice') => ({ ptype: 'g', v0, v1, v2, v3: '', v4: '', v5: '' })

let server: TestServer
let url: string
let routes: Record<string, Answer>
let asked: { path: string, headers: string[] }[]

beforeEach(async () => {
  asked = []
  routes = { '/api/users/me': me('demo', 'other'), '/settings': json(200, { mode: 'SERVER' }), '/version': json(200, { 'git.build.version': '21.18.0' }) }
  server = await serveHttp((request, response) => {
    const path = request.url ?? ''
    asked.push({ path, headers: request.rawHeaders })
    const answer = routes[path] ?? json(404, { error: '' })
    answer(request, response)
  })
  url = server.url
})

afterEach(async () => {
  vi.useRealTimers()
  await server[Symbol.asyncDispose]()
})

const check = (vectorizeRole: VectorizeRole = 'PROJECT_EDITOR'): AccessCheck => createAccessCheck({ url, vectorizeRole, log: createLogger('silent') })
const askedFor = (path: string): number => asked.filter(request => request.path === path).length
const refusal = (code: string) => expect.objectContaining({ name: 'SimilarityError', code }) as unknown

describe('who the caller is', () => {
  it('is what Datashare answers, with the projects that it lists', async () => {
    const caller = await check().identify(alice)
    expect(caller.uid).toBe('alice')
    expect(caller.projects).toEqual(['demo', 'other'])
    expect(caller.grant('demo').name).toBe('demo')
    expect(caller.grant('demo').isProven).toBe(true)
  })

  it('is asked with the caller\'s two headers byte for byte, and no others of his', async () => {
    // Node reads and writes headers as bytes, one character each.
    const cookie = Buffer.from(SESSION).toString('latin1')
    await check().identify({ cookie, authorization: 'Bearer k+/=' })
    const headers = asked[0]?.headers ?? []
    const value = (name: string): string | undefined => headers[headers.findIndex((header, i) => i % 2 === 0 && header.toLowerCase() === name) + 1]
    expect(Buffer.from(value('cookie') ?? '', 'latin1').equals(Buffer.from(SESSION))).toBe(true)
    expect(value('authorization')).toBe('Bearer k+/=')
    expect(value('accept')).toBe('application/json')
  })

  it('S31: with a stale cookie and a good key Datashare alone decides', async () => {
    routes['/api/users/me'] = (request, response) => json(request.headers.cookie === undefined ? 200 : 401, { uid: 'bob', projects: [] })(request, response)
    const access = check()
    await expect(access.identify({ cookie: '_ds_session_id={"sessionId":"stale"}', authorization: 'Bearer good' })).rejects.toEqual(refusal('anonymous'))
    expect((await access.identify({ cookie: undefined, authorization: 'Bearer good' })).uid).toBe('bob')
  })

  it.each([401, 403])('is nobody where Datashare answers %i', async (status) => {
    routes['/api/users/me'] = json(status, { error: '' })
    await expect(check().identify(alice)).rejects.toEqual(refusal('anonymous'))
  })

  it('is nobody with a header that HTTP cannot carry, and no error quotes it', async () => {
    const error: unknown = await check().identify({ cookie: undefined, authorization: 'Bearer CANARY\n' }).catch((thrown: unknown) => thrown)
    expect(error).toEqual(refusal('anonymous'))
    expect(JSON.stringify(error)).not.toContain('CANARY')
    expect(asked).toEqual([])
  })

  it.each([
    ['a fault', json(503, { error: '' })],
    ['a missing route', json(404, { error: '' })],
    ['text that is not JSON', json(200, '<html>CANARY</html>')],
    ['JSON of another shape', json(200, { uid: 'alice' })],
    ['an empty user', json(200, { uid: '', projects: [] })],
    ['a broken connection', ((request) => { request.socket.destroy() }) satisfies Answer],
  ] as [string, Answer][])('S8: is not known where Datashare answers with %s', async (_what, answer) => {
    routes['/api/users/me'] = answer
    const error: unknown = await check().identify(alice).catch((thrown: unknown) => thrown)
    expect(error).toEqual(refusal('datashare_unreachable'))
    expect(String(error)).not.toContain('CANARY')
  })

  it('S8: is not known where nothing listens', async () => {
    const access = createAccessCheck({ url: 'http://127.0.0.1:1', vectorizeRole: 'PROJECT_EDITOR', log: createLogger('silent') })
    await expect(access.identify(alice)).rejects.toEqual(refusal('datashare_unreachable'))
    expect(await access.version()).toBeNull()
  })

  it('is not known within 5 seconds of silence', async () => {
    routes['/api/users/me'] = () => undefined
    const begun = performance.now()
    await expect(check().identify(alice)).rejects.toEqual(refusal('datashare_unreachable'))
    expect(performance.now() - begun).toBeLessThan(7_000)
  })

  it('S16: is not known from another address: a redirect is not followed', async () => {
    routes['/api/users/me'] = (_request, response) => response.writeHead(302, { Location: `${url}/elsewhere` }).end()
    routes['/elsewhere'] = me('demo')
    await expect(check().identify(alice)).rejects.toEqual(refusal('datashare_unreachable'))
    expect(askedFor('/elsewhere')).toBe(0)
  })

  it('ends with the caller\'s own reason where he goes away, without ending it for others', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<null>()
    routes['/api/users/me'] = (request, response) => void released.then(() => me('demo')(request, response))
    const access = check()
    const gone = new AbortController()
    const first = access.identify(alice, gone.signal)
    const second = access.identify(alice)
    gone.abort(new Error('went away'))
    await expect(first).rejects.toThrow('went away')
    release(null)
    expect((await second).uid).toBe('alice')
  })
})

describe('which projects he may read', () => {
  it('S5, S9: none where Datashare lists none, with the same answer as for one that does not exist', async () => {
    routes['/api/users/me'] = me()
    const caller = await check().identify(alice)
    const answers = ['demo', 'never-made', '../etc'].map((name) => {
      try {
        return caller.grant(name)
      } catch (error) {
        return error
      }
    })
    expect(answers).toEqual([refusal('project_forbidden'), refusal('project_forbidden'), refusal('project_forbidden')])
    expect(new Set(answers.map(error => (error as Error).message)).size).toBe(1)
    expect(caller.mayRead('demo')).toBeNull()
  })

  it('leaves out listed names that mean more than one index to Elasticsearch', async () => {
    routes['/api/users/me'] = me('demo', '_all', '*', 'a,b', '-demo')
    expect((await check().identify(alice)).projects).toEqual(['demo'])
  })
})

describe('what is remembered', () => {
  it('one answer serves equal callers at the same time, and later ones for 10 seconds', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const access = check()
    await Promise.all([access.identify(alice), access.identify({ ...alice }), access.identify(alice)])
    vi.advanceTimersByTime(9_900)
    await access.identify(alice)
    expect(askedFor('/api/users/me')).toBe(1)
  })

  it('S21: a project that was taken away is refused after 10 seconds', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const access = check()
    expect((await access.identify(alice)).mayRead('demo')).not.toBeNull()
    routes['/api/users/me'] = me('other')
    vi.advanceTimersByTime(10_001)
    expect((await access.identify(alice)).mayRead('demo')).toBeNull()
  })

  it('S22: another user in the same browser is asked for anew', async () => {
    const access = check()
    await access.identify(alice)
    routes['/api/users/me'] = json(200, { uid: 'bob', projects: [] })
    expect((await access.identify({ cookie: SESSION.replace('0011', '1100'), authorization: undefined })).uid).toBe('bob')
    expect((await access.identify({ cookie: SESSION, authorization: 'Bearer x' })).uid).toBe('bob')
  })

  it('a refusal and a fault are not remembered', async () => {
    const access = check()
    routes['/api/users/me'] = json(401, { error: '' })
    await expect(access.identify(alice)).rejects.toEqual(refusal('anonymous'))
    routes['/api/users/me'] = json(500, { error: '' })
    await expect(access.identify(alice)).rejects.toEqual(refusal('datashare_unreachable'))
    routes['/api/users/me'] = me('demo')
    expect((await access.identify(alice)).uid).toBe('alice')
  })

  it('no remembered answer refuses a project: one that has just been made is granted at once, and a refusal is as fresh as its request', async () => {
    const access = check()
    await access.identify(alice, undefined, 'demo')
    routes['/api/users/me'] = me('demo', 'new')
    expect((await access.identify(alice, undefined, 'new')).mayRead('new')).not.toBeNull()
    expect(askedFor('/api/users/me')).toBe(2)
    await access.identify(alice, undefined, 'new')
    expect(askedFor('/api/users/me')).toBe(2)
    expect((await access.identify(alice, undefined, 'nowhere')).mayRead('nowhere')).toBeNull()
    expect(askedFor('/api/users/me')).toBe(3)
  })

  it('a caller who is forgotten is asked for anew', async () => {
    const access = check()
    const caller = await access.identify(alice)
    caller.forget()
    await access.identify(alice)
    expect(askedFor('/api/users/me')).toBe(2)
  })
})

describe('what he may do', () => {
  const permissionsIn = async (project: string, vectorizeRole?: VectorizeRole) => {
    const caller = await check(vectorizeRole).identify(alice)
    return caller.permissions(caller.grant(project))
  }
  const demandIn = async (project: string, vectorizeRole?: VectorizeRole) => {
    const caller = await check(vectorizeRole).identify(alice)
    return caller.demandVectorize(caller.grant(project))
  }

  it.each(['LOCAL', 'EMBEDDED'])('is everything in %s mode', async (mode) => {
    routes['/settings'] = json(200, { mode })
    expect(await permissionsIn('demo', 'PROJECT_ADMIN')).toEqual({ vectorize: true, wipe: true, admin: true })
    expect(askedFor('/api/users/me/permissions')).toBe(0)
  })

  it.each([
    ['INSTANCE_ADMIN', '*::*', true, true],
    ['DOMAIN_ADMIN', 'default::*', true, true],
    ['PROJECT_ADMIN', 'default::demo', true, true],
    ['PROJECT_EDITOR', 'default::demo', true, false],
    ['PROJECT_MEMBER', 'default::demo', false, false],
    ['PROJECT_VISITOR', 'default::demo', false, false],
    ['SOMETHING_NEW', 'default::demo', false, false],
  ])('in SERVER mode follows the role: %s on %s', async (v1, v2, vectorize, admin) => {
    routes['/api/users/me/permissions'] = json(200, [role(v1, v2)])
    expect(await permissionsIn('demo')).toEqual({ vectorize, wipe: vectorize, admin })
    const demand = demandIn('demo')
    await (vectorize ? expect(demand).resolves.toBeUndefined() : expect(demand).rejects.toEqual(refusal('role_too_low')))
  })

  it('follows no role in another project, of another domain, or of another user', async () => {
    routes['/api/users/me/permissions'] = json(200, [role('PROJECT_ADMIN', 'default::other'), role('PROJECT_ADMIN', 'elsewhere::demo'), role('INSTANCE_ADMIN', '*::*', 'bob')])
    expect(await permissionsIn('demo')).toEqual({ vectorize: false, wipe: false, admin: false })
    expect(await permissionsIn('other')).toEqual({ vectorize: true, wipe: true, admin: true })
  })

  it('is enough as a member where the companion asks for no more, and a visitor is none', async () => {
    routes['/api/users/me/permissions'] = json(200, [])
    await expect(demandIn('demo', 'PROJECT_MEMBER')).resolves.toBeUndefined()
    routes['/api/users/me/permissions'] = json(200, [role('PROJECT_VISITOR', 'default::demo')])
    await expect(demandIn('demo', 'PROJECT_MEMBER')).rejects.toEqual(refusal('role_too_low'))
  })

  it('is a member\'s share only where Datashare is too old to tell roles', async () => {
    await expect(demandIn('demo')).rejects.toEqual(refusal('role_unknown'))
    await expect(demandIn('demo', 'PROJECT_MEMBER')).resolves.toBeUndefined()
  })

  it('is not known where Datashare does not tell its mode or its roles', async () => {
    routes['/api/users/me/permissions'] = json(500, {})
    await expect(permissionsIn('demo')).rejects.toEqual(refusal('datashare_unreachable'))
    routes['/settings'] = json(200, {})
    await expect(permissionsIn('demo')).rejects.toEqual(refusal('datashare_unreachable'))
  })
})

it('tells the version of Datashare, also below a path', async () => {
  routes['/datashare/version'] = json(200, { 'git.build.version': '21.10.1' })
  expect(await check().version()).toBe('21.18.0')
  expect(await createAccessCheck({ url: `${url}/datashare/`, vectorizeRole: 'PROJECT_EDITOR', log: createLogger('silent') }).version()).toBe('21.10.1')
})
