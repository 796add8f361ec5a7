import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SimilarAnswer, Task } from '@datashare-similarity/shared'
import { allocator, heap } from '../../bin/allocator.js'
import { rawRequest, type RawAnswer } from '../testing/raw-request.ts'

const SEARCHES = 200
const CALLERS = ['alice', 'bob', 'carol', 'dave']
const ROUNDS = process.env['SIMILARITY_LONG_TESTS'] === '1' ? 20 : 3
/** Until then caches and pools fill. */
const WARM_UP = Math.ceil(ROUNDS / 4)
const MEGABYTE = 1_000_000

let companion: ChildProcess
let url: string

const told = async (): Promise<unknown> => ((await once(companion, 'message')) as unknown[])[0]

beforeAll(async () => {
  companion = fork(join(import.meta.dirname, '../testing/loaded-companion.ts'), [CALLERS.join()], {
    execArgv: [...heap, '--expose-gc', '--conditions=@similarity/source'], env: { ...process.env, ...allocator },
  })
  url = String(await told())
})
afterAll(async () => {
  companion.disconnect()
  await once(companion, 'exit')
})

const ask = (caller: string, method: string, path: string, body?: unknown): Promise<RawAnswer> =>
  rawRequest(url, { method, path, headers: { 'Authorization': `Bearer ${caller}-key`, 'Content-Type': 'application/json' }, ...body !== undefined && { body: JSON.stringify(body) } })

const search = (number: number, caller = CALLERS[number % CALLERS.length] ?? ''): Promise<RawAnswer> =>
  ask(caller, 'POST', '/api/projects/ready/similar', { queries: ['which ship sailed under another flag', `file ${number}`] })

async function residentMegabytes(): Promise<number> {
  companion.send('memory')
  return Number(await told()) / MEGABYTE
}

/** Is it right, or does it say when to come back? */
function judge({ status, headers, json }: RawAnswer): 'right' | 'later' | 'wrong' {
  if (status === 200) return (json as SimilarAnswer).results[0]?.documents[0]?.documentId === 'tanker' ? 'right' : 'wrong'
  const code = (json as { code: string }).code
  const isLater = (status === 429 && code === 'rate_limited') || (status === 503 && code === 'deadline_exceeded')
  return isLater && Number(headers['retry-after']) > 0 ? 'later' : 'wrong'
}

it('S15: 200 searches at once while a project is vectorized are each right or told when to come back, and memory stays flat', async () => {
  const started = await ask('alice', 'POST', '/api/projects/growing/vectorize', {})
  const { task } = started.json as { task: Task }
  const resident: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const verdicts = (await Promise.all(Array.from({ length: SEARCHES }, (_, number) => search(number)))).map(judge)
    // How many of each, is a matter of the machine.
    expect(new Set(verdicts)).toEqual(new Set(['right', 'later']))
    resident.push(await residentMegabytes())
  }
  const { state, counts } = (await ask('alice', 'GET', `/api/tasks/${task.id}`)).json as Task
  console.log(`load: MB after each round: ${resident.map(Math.round).join(' ')}; ${counts.done} documents vectorized meanwhile`)
  expect(state).toBe('RUNNING')
  expect((resident.at(-1) ?? 0) - (resident[WARM_UP] ?? 0)).toBeLessThan(100)
  await ask('alice', 'POST', `/api/tasks/${task.id}/cancel`)
}, 1_200_000)

it('S15: one caller\'s hundred searches do not keep another one waiting', async () => {
  const flood = Promise.all(Array.from({ length: 100 }, (_, number) => search(number, 'alice')))
  const one = await search(0, 'bob')
  expect(judge(one)).toBe('right')
  expect((await flood).map(({ status }) => status)).toContain(429)
  expect((await flood).map(judge)).not.toContain('wrong')
}, 60_000)

it('S15: a search whose caller goes away makes room for the next', async () => {
  const gone = new AbortController()
  const flood = Array.from({ length: 34 }, () => fetch(`${url}/api/projects/ready/similar`, {
    method: 'POST', signal: gone.signal, headers: { 'Content-Type': 'application/json', 'Authorization': 'Bearer carol-key' }, body: JSON.stringify({ queries: ['flag'] }),
  }).catch(() => null))
  gone.abort()
  await Promise.all(flood)
  await expect.poll(async () => judge(await search(0, 'carol')), { timeout: 20_000 }).toBe('right')
}, 60_000)
