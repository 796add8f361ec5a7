import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SimilarAnswer, Task } from '@datashare-similarity/shared'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { prose } from '../testing/memory-documents.ts'
import type { RawAnswer } from '../testing/raw-request.ts'

const SEARCHES = 200
const CALLERS = ['alice', 'bob', 'carol', 'dave']
const ROUNDS = process.env['SIMILARITY_LONG_TESTS'] === '1' ? 20 : 2
const MEGABYTE = 1_000_000

let companion: GuardedCompanion

beforeAll(async () => {
  companion = await startGuardedCompanion({
    documents: createEditableDocuments({
      ready: { tanker: 'The tanker changed its flag at sea.', ...Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`file-${index}`, prose(index, 800)])) },
      growing: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`file-${index}`, prose(index, 2_000)])),
    }),
    users: CALLERS.map(uid => ({ uid, apiKey: `${uid}-key`, projects: ['ready', 'growing'], roles: [{ role: 'PROJECT_EDITOR', on: '*::*' }] })),
  })
  await companion.vectorize('alice-key', 'ready')
})
afterAll(() => companion[Symbol.asyncDispose]())

const search = (number: number, caller = CALLERS[number % CALLERS.length] ?? ''): Promise<RawAnswer> =>
  companion.as(`${caller}-key`)('POST', '/api/projects/ready/similar', { queries: ['which ship sailed under another flag', `file ${number}`] })

/** Is it right, or does it say when to come back? */
function judge({ status, headers, json }: RawAnswer): 'right' | 'later' | 'wrong' {
  if (status === 200) return (json as SimilarAnswer).results[0]?.documents[0]?.documentId === 'tanker' ? 'right' : 'wrong'
  const code = (json as { code: string }).code
  const isLater = (status === 429 && code === 'rate_limited') || (status === 503 && code === 'deadline_exceeded')
  return isLater && Number(headers['retry-after']) > 0 ? 'later' : 'wrong'
}

it('S15: 200 searches at once while a project is vectorized are each right or told when to come back, and memory stays flat', async () => {
  const started = await companion.as('alice-key')('POST', '/api/projects/growing/vectorize', {})
  const { task } = started.json as { task: Task }
  const resident: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const verdicts = (await Promise.all(Array.from({ length: SEARCHES }, (_, number) => search(number)))).map(judge)
    expect(verdicts).not.toContain('wrong')
    expect(verdicts.filter(verdict => verdict === 'right').length).toBeGreaterThan(CALLERS.length * 10)
    expect(verdicts).toContain('later')
    resident.push(process.memoryUsage.rss() / MEGABYTE)
  }
  const { state } = (await companion.as('alice-key')('GET', `/api/tasks/${task.id}`)).json as Task
  expect(state).toBe('RUNNING')
  expect((resident.at(-1) ?? 0) - (resident[0] ?? 0)).toBeLessThan(200)
  await companion.as('alice-key')('POST', `/api/tasks/${task.id}/cancel`)
}, 600_000)

it('S15: one caller\'s hundred searches do not keep another one waiting', async () => {
  const flood = Promise.all(Array.from({ length: 100 }, (_, number) => search(number, 'alice')))
  const one = await search(0, 'bob')
  expect(judge(one)).toBe('right')
  expect((await flood).map(({ status }) => status)).toContain(429)
  expect((await flood).map(judge)).not.toContain('wrong')
}, 60_000)

it('S15: a search whose caller goes away makes room for the next', async () => {
  const gone = new AbortController()
  const flood = Array.from({ length: 34 }, () => fetch(`${companion.url}/api/projects/ready/similar`, {
    method: 'POST', signal: gone.signal, headers: { 'Content-Type': 'application/json', 'Authorization': 'Bearer carol-key' }, body: JSON.stringify({ queries: ['flag'] }),
  }).catch(() => null))
  gone.abort()
  await Promise.all(flood)
  await expect.poll(async () => judge(await search(0, 'carol')), { timeout: 20_000 }).toBe('right')
}, 60_000)
