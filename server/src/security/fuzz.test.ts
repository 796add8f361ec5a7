import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CSRF_HEADER, ERRORS, type Problem } from '@datashare-similarity/shared'
import { ProblemSchema } from '@datashare-similarity/shared/contract'
import { endpoints, type Endpoint } from '../http/endpoints.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import type { RawAnswer } from '../testing/raw-request.ts'
import { requestsOf, type FuzzedRequest } from '../testing/request-arbitraries.ts'

const REQUESTS = process.env['SIMILARITY_LONG_TESTS'] === '1' ? 5_000 : 300
const SEED = Number(process.env['SIMILARITY_FUZZ_SEED'] ?? Date.now() % 2 ** 31)

let companion: GuardedCompanion
beforeAll(async () => {
  companion = await startGuardedCompanion({
    documents: createEditableDocuments({ leak: { villa: 'The villa belongs to a nominee.', boat: 'The boat lies in the harbour.' }, locked: { secret: 'A locked secret.' }, never: { later: 'Not yet.' } }),
    users: [
      { uid: 'alice', password: 'wonderland', apiKey: 'alice-key', projects: ['leak', 'never'], roles: [{ role: 'PROJECT_ADMIN', on: '*::*' }] },
      { uid: 'bob', apiKey: 'bob-key', projects: ['leak'] },
    ],
  })
})
afterAll(() => companion[Symbol.asyncDispose]())

/** Statuses that any request can get, whatever it asks for. */
const ALWAYS = ['400', '403', '404', '413', '422', '429', '431', '503']

function judge({ operationId, documented }: FuzzedRequest, { status, headers, text, json }: RawAnswer): void {
  expect(text).not.toMatch(/\n\s+at |node_modules|\.ts:\d+|\.rs:\d+/)
  if (status >= 400) {
    const problem = ProblemSchema.parse(json) satisfies Problem
    expect(headers['content-type']).toContain('application/problem+json')
    expect(problem).toMatchObject({ status, requestId: headers['x-request-id'] })
    expect(ERRORS[problem.code].status).toBe(status)
    if (status === 429 || status === 503) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect([400, 401, 403, 404, 409, 413, 415, 422, 429, 431, 503]).toContain(status)
  } else {
    const endpoint: Endpoint | undefined = Object.entries(endpoints).find(([name]) => name === operationId)?.[1]
    if (endpoint?.answer !== undefined) endpoint.answer.parse(json)
    else expect(text).toBe('')
  }
  expect([...documented, ...ALWAYS]).toContain(String(status))
}

it(`answers whatever is sent as its OpenAPI document says, without a fault (${REQUESTS} requests)`, async () => {
  await companion.vectorize('alice-key', 'leak')
  const { id } = await companion.vectorize('alice-key', 'leak')
  const cookie = await companion.signIn('alice')
  const browser = { 'Cookie': cookie, [CSRF_HEADER]: /_ds_csrf_token=(\w+)/.exec(cookie)?.[1] ?? '', 'Origin': companion.datashareUrl, 'Sec-Fetch-Site': 'same-site' }
  const key = { Authorization: 'Bearer alice-key' }
  const requests = requestsOf((await companion.send({ path: '/api/openapi.json' })).json, {
    values: { project: ['leak', 'leak', 'leak', 'locked', 'never', 'nowhere'], id: [id, 'create_vectorization_tasks-none'], parent: [id], documentId: ['villa', 'boat', 'secret', 'none'], model: ['all-MiniLM-L6-v2', 'gpt-99'], generation: ['none'] },
    headers: [
      key, key, key, browser, browser, { Authorization: 'Bearer bob-key' }, {}, { ...browser, Origin: 'https://evil.example' }, { ...browser, [CSRF_HEADER]: 'wrong' }, { Cookie: '_ds_session_id={' },
      { ...key, 'Content-Type': 'text/plain' }, { ...key, 'Content-Type': 'application/json; charset=utf-7' }, { ...key, 'Content-Encoding': 'gzip' }, { ...key, Host: 'evil.example' }, { ...key, 'X-Forwarded-Host': 'evil.example' },
      { Authorization: 'Basic YWxpY2U6' }, { ...key, 'X-HTTP-Method-Override': 'DELETE' },
    ],
  })
  console.log(`fuzz: ${REQUESTS} requests, seed ${SEED} (again with SIMILARITY_FUZZ_SEED=${SEED})`)

  const seen = new Map<string, number>()
  await fc.assert(fc.asyncProperty(requests, async (request) => {
    const answer = await companion.send(request)
    judge(request, answer)
    seen.set(`${request.operationId} ${answer.status < 300}`, (seen.get(`${request.operationId} ${answer.status < 300}`) ?? 0) + 1)
  }), { numRuns: REQUESTS, seed: SEED, endOnFailure: true })

  // Requests that are all refused at the door would prove little.
  const succeeded = Object.keys(endpoints).filter(name => seen.has(`${name} true`))
  expect(succeeded.length).toBeGreaterThan(REQUESTS < 1_000 ? 8 : 13)
  expect(companion.log().split('\n').filter(line => line.includes('"code":"internal"'))).toEqual([])
  expect((await companion.send({ path: '/health/live' })).status).toBe(200)
}, 900_000)
