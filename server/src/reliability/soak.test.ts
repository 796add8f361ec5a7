import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Task } from '@datashare-similarity/shared'
import { hasJava, indexDocuments } from '../testing/elasticsearch.ts'
import { isLong } from '../testing/engines.ts'
import { residentMemory } from '../testing/memory-run.ts'
import { files, openNewsroom, untilTask, isFinished, type Newsroom } from '../testing/newsroom.ts'
import type { ServedCompanion } from '../testing/served-companion.ts'

const MINUTES = Number(process.env['SIMILARITY_SOAK_MINUTES'] ?? 20)
/** Few, so that there are many rounds on a slow machine too: each leaves indices in LanceDB's caches that were replaced, until they are full. */
const DOCUMENTS = 400
const CHARACTERS = 1_500
/** Documents that come anew at each round. */
const CHANGED = 40
const SEARCH_EVERY_MS = 250

describe.skipIf(!hasJava() || process.platform !== 'linux')('a companion that vectorizes and is searched for long (Linux, with Java 17 and Maven)', () => {
  let newsroom: Newsroom
  let companion: ServedCompanion

  beforeAll(async () => {
    if (!isLong) return
    newsroom = await openNewsroom()
    await newsroom.addProject('harbour', files(DOCUMENTS, CHARACTERS))
    companion = await newsroom.serve()
  }, 400_000)
  afterAll(async () => {
    if (isLong) await newsroom[Symbol.asyncDispose]()
  })

  /** Documents change, and are vectorized again. The last round is not waited for. */
  async function vectorizing(signal: AbortSignal): Promise<number> {
    for (let rounds = 0; ; rounds++) {
      const extractionDate = new Date(Date.UTC(2027, 0, 1) + rounds * 1_000).toISOString()
      const changed = files(CHANGED, CHARACTERS, 1 + (rounds * CHANGED) % DOCUMENTS)
        .map(document => ({ ...document, source: { ...document.source, extractionDate, content: `${String(document.source['content'])} Round ${rounds}.` } }))
      await indexDocuments(newsroom.elasticsearch.url, 'harbour', changed)
      const { body: { task } } = await companion.client.call<{ task: Task }>('POST', '/api/projects/harbour/vectorize')
      const last = await untilTask(companion, task.id, seen => isFinished(seen) || signal.aborted)
      if (signal.aborted) return rounds
      expect(last).toMatchObject({ state: 'DONE', counts: { failed: 0 } })
    }
  }

  async function searching(signal: AbortSignal): Promise<number> {
    let searches = 0
    for (; !signal.aborted; searches++) {
      await companion.client.similar('harbour', { queries: [`who signed the transfer of file ${searches % DOCUMENTS}`] })
      await sleep(SEARCH_EVERY_MS)
    }
    return searches
  }

  it.skipIf(!isLong)(`R14 (long): over ${MINUTES} minutes of vectorizing and searching the last quarter's memory is within a tenth of the second's`, async () => {
    expect(await companion.client.vectorize('harbour')).toMatchObject({ state: 'DONE', counts: { done: DOCUMENTS } })
    const failed = new AbortController()
    const signal = AbortSignal.any([AbortSignal.timeout(MINUTES * 60_000), failed.signal])
    const work = Promise.all([vectorizing(signal), searching(signal)])
    // What goes wrong is told at once, not at the end.
    work.catch(() => failed.abort())
    const samples: { main: number, children: number }[] = []
    while (!signal.aborted) {
      samples.push(await residentMemory(companion.pid))
      await sleep(1_000)
    }
    const [rounds, searches] = await work
    const quarter = (which: number, of: 'main' | 'children'): number => median(samples.slice(Math.floor(samples.length * which / 4), Math.floor(samples.length * (which + 1) / 4)).map(sample => sample[of]))
    const course = [0, 1, 2, 3].map(which => ({ main: quarter(which, 'main'), children: quarter(which, 'children') }))
    console.info(`R14: ${rounds} vectorizations, ${searches} searches; median megabytes by quarter: ${JSON.stringify(course)}`)

    expect(rounds).toBeGreaterThan(3)
    expect(quarter(3, 'main')).toBeLessThan(quarter(1, 'main') * 1.1)
    expect(quarter(3, 'main') + quarter(3, 'children')).toBeLessThan((quarter(1, 'main') + quarter(1, 'children')) * 1.1)
  }, (MINUTES + 20) * 60_000)
})

const median = (values: readonly number[]): number => Math.round(values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN)
