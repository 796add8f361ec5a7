import { readdir } from 'node:fs/promises'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Project, SimilarAnswer, Task } from '@datashare-similarity/shared'
import type { StandInUser } from '../demo/stand-in-sign-in.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import type { RawAnswer } from '../testing/raw-request.ts'

const SECRET = 'The informant of the Kestrel file meets us at the lighthouse.'
const QUERY = { queries: ['informant at the lighthouse'] }
const alice: StandInUser = { uid: 'alice', password: 'wonderland', apiKey: 'alice-key', projects: ['a', 'b'], roles: [{ role: 'PROJECT_EDITOR', on: 'default::a' }, { role: 'PROJECT_EDITOR', on: 'default::b' }] }
const bob: StandInUser = { uid: 'bob', password: 'builder', apiKey: 'bob-key', projects: ['a'], roles: [{ role: 'PROJECT_EDITOR', on: 'default::a' }] }
const nobody: StandInUser = { uid: 'nobody', apiKey: 'nobody-key', projects: [] }

const documents = createEditableDocuments({
  a: { garden: 'The garden committee planted roses.', boat: 'The boat is kept in the harbour.', menu: 'The canteen serves soup on Monday.' },
  b: { informant: SECRET, other: 'A note about the car park.' },
  never: { untouched: 'Nobody vectorized this.' },
})

let companion: GuardedCompanion

beforeAll(async () => {
  vi.spyOn(performance, 'now').mockImplementation(() => realNow() + passedMilliseconds)
  companion = await startGuardedCompanion({ documents, users: [alice, bob, nobody] })
  await companion.vectorize('alice-key', 'a')
  await companion.vectorize('alice-key', 'b')
})
afterAll(async () => {
  await companion[Symbol.asyncDispose]()
  vi.restoreAllMocks()
})
beforeEach(() => {
  companion.datashare.answer = null
  companion.upstream.length = 0
})
afterEach(() => {
  alice.projects = ['a', 'b']
  bob.projects = ['a']
  passSeconds(11)
})

/** Moves the clock by which answers of Datashare are remembered, for good. */
let passedMilliseconds = 0
const realNow = performance.now.bind(performance)
const passSeconds = (seconds: number): void => { passedMilliseconds += seconds * 1_000 }
const forgetAnswers = (): void => {
  passSeconds(11)
  companion.upstream.length = 0
}

const shownIds = ({ json }: RawAnswer): string[] => (json as SimilarAnswer).results.flatMap(({ documents: found }) => found.map(({ documentId }) => documentId))
const comparable = ({ status, headers, text }: RawAnswer) => {
  const { 'x-request-id': id, date, ...rest } = headers
  return { status, hasDate: date !== undefined, headers: rest, text: text.replaceAll(String(id), 'REQUEST-ID') }
}

/** Every route of a project, as the same request to another project. */
const routes = (project: string): [string, string, unknown?][] => [
  ['GET', `/api/projects/${project}`],
  ['GET', `/api/projects/${project}/estimate`],
  ['GET', `/api/projects/${project}/documents?status=vectorized`],
  ['GET', `/api/projects/${project}/documents/informant`],
  ['POST', `/api/projects/${project}/similar`, QUERY],
  ['POST', `/api/projects/${project}/similar`, { like: [{ documentId: 'informant' }], nonsense: true }],
  ['POST', `/api/projects/${project}/vectorize`, {}],
  ['DELETE', `/api/projects/${project}/vectors`],
  ['GET', `/api/tasks?project=${project}`],
]

describe('S5 and S28: for a project that is not granted', () => {
  it.each(routes('PROJECT').map(([method, path, body]) => ({ method, path, body })))('S28: $method $path answers the same as for one that does not exist and for one without vectors', async ({ method, path, body }) => {
    const observed: unknown[] = []
    for (const project of ['b', 'unknown', 'never']) {
      forgetAnswers()
      const answer = await companion.as('bob-key')(method, path.replace('PROJECT', project), body)
      observed.push({ answer: comparable(answer), upstream: [...companion.upstream] })
      expect(answer.status).toBe(403)
    }
    expect(observed[1]).toEqual(observed[0])
    expect(observed[2]).toEqual(observed[0])
  })

  it('S5: the answer is "project_forbidden", with nothing of the project in it', async () => {
    const answer = await companion.as('bob-key')('POST', '/api/projects/b/similar', QUERY)
    expect(answer).toMatchObject({ status: 403, json: { code: 'project_forbidden' } })
    expect(answer.text).not.toContain('"b"')
    expect((await companion.as('alice-key')('POST', '/api/projects/b/similar', QUERY)).text).toContain(SECRET)
  })

  it('S28: an answer takes no longer for a project that exists', async () => {
    const milliseconds = async (project: string): Promise<number> => {
      const started = process.hrtime.bigint()
      await companion.as('bob-key')('POST', `/api/projects/${project}/similar`, QUERY)
      return Number(process.hrtime.bigint() - started) / 1e6
    }
    const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
    const times = { b: [] as number[], unknown: [] as number[] }
    // In turns, so that whatever else the machine does falls on both.
    for (let round = 0; round < 31; round++) {
      times.b.push(await milliseconds('b'))
      times.unknown.push(await milliseconds('unknown'))
    }
    // Both are answered before anything of a project is looked at: some milliseconds is what the machine itself varies.
    expect(Math.abs(median(times.b) - median(times.unknown))).toBeLessThan(15)
  })
})

it.each(['/api/projects/b', '/api/tasks?project=b'])('a project that was given a moment ago is answered at once by %s, though the answer before it is still remembered', async (path) => {
  const ask = companion.as('bob-key')
  await ask('GET', '/api/projects/a')
  expect((await ask('GET', path)).status).toBe(403)
  bob.projects = ['a', 'b']

  expect((await ask('GET', path)).status).toBe(200)
})

it('S6: the id of a document of one project finds nothing under another', async () => {
  const ask = companion.as('alice-key')
  const status = await ask('GET', '/api/projects/a/documents/informant')
  const like = await ask('POST', '/api/projects/a/similar', { like: [{ documentId: 'informant' }] })
  const unlike = await ask('POST', '/api/projects/a/similar', { ...QUERY, unlike: [{ documentId: 'informant' }] })
  const family = await ask('POST', '/api/projects/a/similar', { ...QUERY, filters: { excludeFamilyOf: 'informant' } })

  expect([status, like, unlike].map(answer => (answer.json as { code: string }).code)).toEqual(['document_unknown', 'document_unknown', 'document_unknown'])
  expect(family.status).toBe(200)
  for (const { text } of [status, like, unlike, family]) expect(text).not.toContain('Kestrel')
})

it.each([
  { where: 'the path', path: '/api/projects/a,b/similar', body: QUERY, status: 400 },
  { where: 'the path, encoded', path: '/api/projects/a%2Cb/similar', body: QUERY, status: 400 },
  { where: 'the query', path: '/api/projects/a/similar?project=b&projects=b', body: QUERY, status: 200 },
  { where: 'the body', path: '/api/projects/a/similar', body: { ...QUERY, project: 'b' }, status: 422 },
  { where: 'a filter', path: '/api/projects/a/similar', body: { ...QUERY, filters: { project: 'b' } }, status: 422 },
  { where: 'a path with dots', path: '/api/projects/b/../a/similar', body: QUERY, status: 404 },
])('S7: a second project in $where never leads to its text', async ({ path, body, status }) => {
  const answer = await companion.as('bob-key')('POST', path, body)
  expect(answer.status).toBe(status)
  expect(answer.text).not.toContain('Kestrel')
})

it.each([
  { how: 'breaks the connection', answer: (destroy: () => void) => destroy() },
  { how: 'answers 500', status: 500 },
  { how: 'answers 404', status: 404 },
  { how: 'answers with a page', status: 200 },
])('S8: a Datashare that $how is 503, never a result', async ({ status, answer }) => {
  forgetAnswers()
  companion.datashare.answer = (request, response) => {
    if (answer === undefined) response.status(status).type('html').send('<html>no</html>')
    else answer(() => request.socket.destroy())
  }
  const found = await companion.as('alice-key')('POST', '/api/projects/a/similar', QUERY)
  expect(found).toMatchObject({ status: 503, json: { code: 'datashare_unreachable' } })
  expect(found.headers['retry-after']).toBeDefined()
})

it('S8: a Datashare that fails between the check and the documents is 503, never a result', async () => {
  await companion.as('alice-key')('GET', '/api/projects/a')
  companion.datashare.answer = request => void request.socket.destroy()
  expect(await companion.as('alice-key')('POST', '/api/projects/a/similar', { queries: ['roses in the garden'] })).toMatchObject({ status: 503, json: { code: 'datashare_unreachable' } })
})

it('S9: somebody without projects gets 403 for any', async () => {
  expect(await companion.as('nobody-key')('POST', '/api/projects/a/similar', QUERY)).toMatchObject({ status: 403, json: { code: 'project_forbidden' } })
  expect((await companion.as('nobody-key')('GET', '/api/projects')).json).toMatchObject({ items: [], pagination: { total: 0 } })
})

it.each(['..%2F..%2Fetc', 'a%2Fb', '%C3%A9', 'a,b', '*', '_all', '-a', 'a%00', '%2e%2e', 'x'.repeat(300)])('S10: the project name %s is refused as no name, and no file is made', async (name) => {
  const before = (await readdir(companion.dataDir, { recursive: true })).toSorted()
  for (const [method, path, body] of [['POST', 'similar', QUERY], ['POST', 'vectorize', {}], ['DELETE', 'vectors'], ['GET', 'documents']] as const) {
    expect(await companion.as('alice-key')(method, `/api/projects/${name}/${path}`, body)).toMatchObject({ status: 400, json: { code: 'invalid_project_name' } })
  }
  expect((await readdir(companion.dataDir, { recursive: true })).toSorted()).toEqual(before)
  expect(companion.upstream).toEqual([])
})

it.each(['x\' OR \'1\'=\'1', 'garden\' --', '*', '%', 'garden\\', 'garden"'])('S11: the document id %j is no document and reaches no other', async (id) => {
  const ask = companion.as('alice-key')
  expect(await ask('GET', `/api/projects/a/documents/${encodeURIComponent(id)}`)).toMatchObject({ status: 404, json: { code: 'document_unknown' } })
  expect(await ask('POST', '/api/projects/a/similar', { like: [{ documentId: id }] })).toMatchObject({ status: 404, json: { code: 'document_unknown' } })
  const excluding = await ask('POST', '/api/projects/a/similar', { queries: ['roses in the garden'], filters: { excludeDocumentIds: [id] } })
  expect(shownIds(excluding)).toContain('garden')
})

it('S12: 10,000 hostile ids exclude nothing but themselves', async () => {
  const hostile = fc.string({ unit: fc.oneof(fc.constantFrom('\'', '\\', '\0', '"', '%', '_', '--', '/*', ')', '\ud800', '\' OR \'1\'=\'1'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), minLength: 1, maxLength: 12 })
  const ids = fc.sample(hostile.filter(id => !['garden', 'boat'].includes(id)), { numRuns: 10_000, seed: 7 })
  const ask = companion.as('alice-key')
  for (let from = 0; from < ids.length; from += 999) {
    const found = await ask('POST', '/api/projects/a/similar', { queries: ['roses in the garden'], filters: { excludeDocumentIds: [...ids.slice(from, from + 999), 'boat'] } })
    expect(found.status).toBe(200)
    expect(shownIds(found)).toContain('garden')
    expect(shownIds(found)).not.toContain('boat')
  }
})

it('S18: a document that was deleted in Datashare is in no search any more, before anything is swept', async () => {
  const ask = companion.as('alice-key')
  const request = { queries: ['soup in the canteen'] }
  expect(shownIds(await ask('POST', '/api/projects/a/similar', request))[0]).toBe('menu')

  documents.remove('a', 'menu')

  const after = await ask('POST', '/api/projects/a/similar', request)
  expect(shownIds(after)).not.toContain('menu')
  expect(after.text).not.toContain('canteen serves')
})

it('S19: the next vectorization takes the rows of a deleted document away', async () => {
  documents.remove('a', 'menu')
  await companion.vectorize('alice-key', 'a')
  const { coverage, passages } = (await companion.as('alice-key')('GET', '/api/projects/a')).json as Project
  expect({ coverage, passages }).toMatchObject({ coverage: { documents: 2, vectorized: 2, missing: 0 }, passages: 2 })
})

it('S21: of two who are signed in, the one who is revoked is refused 10 seconds later, and the other is not', async () => {
  passSeconds(11)
  const [alices, bobs] = [await companion.signIn('alice'), await companion.signIn('bob')]
  const see = async (cookie: string): Promise<number> => (await companion.inBrowser(cookie)('GET', '/api/projects/a')).status
  expect([await see(alices), await see(bobs)]).toEqual([200, 200])

  bob.projects = []
  // What shows documents asks Datashare each time.
  expect((await companion.inBrowser(bobs)('POST', '/api/projects/a/similar', { queries: ['roses'] })).status).toBe(403)
  passSeconds(10.1)
  expect([await see(alices), await see(bobs)]).toEqual([200, 403])
})

it('S21: a request that Datashare refuses ends what was remembered at once', async () => {
  passSeconds(11)
  const ask = companion.as('bob-key')
  expect((await ask('GET', '/api/projects/a')).status).toBe(200)
  bob.projects = []
  await ask('POST', '/api/projects/a/similar', { queries: ['roses in the garden'] })
  expect((await ask('GET', '/api/projects/a')).status).toBe(403)
})

it('S22: after signing out, the next user of the same browser gets nothing of the one before', async () => {
  const alices = await companion.signIn('alice')
  expect((await companion.inBrowser(alices)('GET', '/api/projects/b')).status).toBe(200)
  await fetch(`${companion.datashareUrl}/auth/signout`, { headers: { Cookie: alices }, redirect: 'manual' })

  const bobs = await companion.signIn('bob')
  expect((await companion.inBrowser(bobs)('GET', '/api/projects/b')).status).toBe(403)
  passSeconds(10.1)
  expect((await companion.inBrowser(alices)('GET', '/api/projects/b')).status).toBe(401)
})

describe('S29: the task of somebody else', () => {
  it('S29: is not to be cancelled, resumed or forgotten by another editor of the project', async () => {
    const { id } = await companion.vectorize('alice-key', 'a')
    const ask = companion.as('bob-key')
    const answers = [await ask('POST', `/api/tasks/${id}/cancel`), await ask('POST', `/api/tasks/${id}/resume`), await ask('DELETE', `/api/tasks/${id}`)]
    expect(answers.map(({ status, json }) => [status, (json as { code: string }).code])).toEqual(Array(3).fill([403, 'not_your_task']))
  })

  it('S29: of a project that is not granted is as unknown as one that does not exist', async () => {
    const { id } = await companion.vectorize('alice-key', 'b')
    const ask = companion.as('bob-key')
    for (const [method, path] of [['GET', ''], ['POST', '/cancel'], ['POST', '/resume'], ['DELETE', '']] as const) {
      const [others, unknown] = [await ask(method, `/api/tasks/${id}${path}`), await ask(method, `/api/tasks/create_vectorization_tasks-none${path}`)]
      expect(others.status).toBe(404)
      expect(comparable(others)).toEqual(comparable(unknown))
    }
    expect((await ask('GET', '/api/tasks')).text).not.toContain(id)
  })

  it('S29: is to be cancelled by who started it only while the role for it lasts', async () => {
    const { id } = await companion.vectorize('alice-key', 'a')
    const roles = alice.roles
    alice.roles = [{ role: 'PROJECT_MEMBER', on: 'default::a' }]
    passSeconds(11)
    expect((await companion.as('alice-key')('POST', `/api/tasks/${id}/cancel`)).json).toMatchObject({ code: 'role_too_low' })
    alice.roles = roles ?? []
    passSeconds(11)
    expect(((await companion.as('alice-key')('GET', `/api/tasks/${id}`)).json as Task).state).toBe('DONE')
  })
})
