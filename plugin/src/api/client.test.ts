import { afterEach, describe, expect, it } from 'vitest'
import { anAnswer, aProject, fakeCompanion, json, problem } from '../testing/companion.ts'
import { createApi } from './client.ts'
import { ApiError } from './problem.ts'

const api = createApi('http://localhost:4780')
const ask = (signal = new AbortController().signal) => api.similar('vault', { queries: ['boats'] }, signal)
const failure = async (asked: Promise<unknown>): Promise<ApiError> => {
  const fault = await asked.catch((error: unknown) => error)
  if (!(fault instanceof ApiError)) throw new Error('expected an ApiError', { cause: fault })
  return fault
}

describe('calling the companion', () => {
  afterEach(() => { document.cookie = '_ds_csrf_token=; expires=Thu, 01 Jan 1970 00:00:00 GMT' })

  it('sends the cookies of Datashare, and repeats its anti-forgery token on what changes or searches', async () => {
    document.cookie = '_ds_csrf_token=ab12='
    const { calls } = fakeCompanion({
      'GET /api/projects/vault': () => json(aProject()),
      'POST /api/projects/vault/similar': () => json(anAnswer([])),
    })

    await api.project('vault')
    await ask()

    expect(calls.map(({ credentials }) => credentials)).toEqual(['include', 'include'])
    expect(calls.map(({ headers }) => headers.get('X-DS-CSRF-TOKEN'))).toEqual([null, 'ab12='])
    expect(calls[1]?.headers.get('Content-Type')).toBe('application/json')
  })

  it('sends no token where Datashare has set none', async () => {
    const { calls } = fakeCompanion({ 'POST /api/projects/vault/similar': () => json(anAnswer([])) })

    await ask()

    expect(calls[0]?.headers.has('X-DS-CSRF-TOKEN')).toBe(false)
  })

  it('tells a refusal by its code, its reason, its fix and the number of the request', async () => {
    fakeCompanion({ 'POST /api/projects/vault/similar': () => problem('project_forbidden') })

    const { code, why, fix, requestId } = await failure(ask())

    expect({ code, requestId }).toEqual({ code: 'project_forbidden', requestId: 'r-42' })
    expect(why).toMatch(/does not let you read it/)
    expect(fix).toMatch(/ask an administrator/)
  })

  it.each([
    { case: 'nobody listens', reply: () => { throw new TypeError('Failed to fetch') } },
    { case: 'a proxy answers for it', reply: () => new Response('<html>Bad gateway</html>', { status: 502 }) },
    { case: 'a page of Datashare stands at its address', reply: () => new Response('<!DOCTYPE html>', { status: 200 }) },
    { case: 'something else answers with errors of its own', reply: () => json({ error: 'not found' }, 404) },
  ])('says that the companion does not answer when $case', async ({ reply }) => {
    fakeCompanion({ 'POST /api/projects/vault/similar': reply })

    expect((await failure(ask())).code).toBe('companion_unreachable')
  })

  it('leaves a search that was called off without an error of its own', async () => {
    fakeCompanion({ 'POST /api/projects/vault/similar': () => json(anAnswer([])) })
    const controller = new AbortController()

    controller.abort()

    await expect(ask(controller.signal)).rejects.not.toBeInstanceOf(ApiError)
  })

  it('writes names into the address safely', async () => {
    const { calls } = fakeCompanion({ 'POST /api/tasks/a%2F..%2Fb/cancel': () => new Response(null, { status: 204 }) })

    await api.cancel('a/../b')

    expect(calls).toHaveLength(1)
  })

  it('works with its own version only, which each answer says, and asks for nothing else to know it', async () => {
    let version = 2
    const { calls } = fakeCompanion({ 'GET /api/projects/vault': () => json(aProject(), 200, version), 'GET /api/projects/none': () => json({ code: 'renamed' }, 403, version) })
    expect((await failure(api.project('vault'))).code).toBe('companion_version')
    expect((await failure(api.project('none'))).code).toBe('companion_version')

    version = 1

    await expect(api.project('vault')).resolves.toMatchObject({ project: 'vault' })
    expect(calls.map(({ url }) => url.pathname)).toEqual(['/api/projects/vault', '/api/projects/none', '/api/projects/vault'])
  })

  it('says that it is not configured where nothing answers and nobody has said where it is', async () => {
    fakeCompanion({})

    expect((await failure(createApi('http://localhost:4780', { isConfigured: false }).project('vault'))).code).toBe('companion_not_configured')
    expect((await failure(createApi('http://localhost:4780').project('vault'))).code).toBe('companion_unreachable')
  })
})
