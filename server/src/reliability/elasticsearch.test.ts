import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Project, Task } from '@datashare-similarity/shared'
import { runCli } from '../testing/companion.ts'
import { aDocument, deleteDocuments, hasJava, indexDocuments, type IndexedDocument } from '../testing/elasticsearch.ts'
import { openFaultyProxy, type Fault, type FaultyProxy } from '../testing/faulty-proxy.ts'
import { files, isFinished, openNewsroom, untilTask, type Newsroom } from '../testing/newsroom.ts'
import type { ServedCompanion } from '../testing/served-companion.ts'
import { contentOf } from '../testing/stored-content.ts'

const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'
const PAGE = 1_000
const empty = (count: number): IndexedDocument[] => Array.from({ length: count }, (_, index) => aDocument({ path: `/vault/empty-${index}.txt`, content: '' }))
const [changing, ...unchanged] = files(5, 400, 500)
const drifting = files(20, 400, 700)

/** They are there before the companion is: it remembers for seconds who may read what. */
const PROJECTS = {
  'refusing': [...files(30, 400), ...empty(2 * PAGE)],
  'silent': files(20, 400),
  'away': files(60, 1_500),
  'away-for-long': files(60, 1_500),
  'changing': [changing!, ...unchanged],
  'scans': [...files(3, 400), ...empty(4), aDocument({ content: null }), aDocument({ content: ' \n\t ' })],
  'drifting': [...drifting.slice(0, 16), ...empty(2)],
}

const isPage = ({ path }: { path: string }): boolean => path.startsWith('/_search')
const isContents = ({ path }: { path: string }): boolean => path.includes('/_mget')

describe.skipIf(!hasJava())('when Elasticsearch is ill (needs Java 17 and Maven)', () => {
  let newsroom: Newsroom
  let proxy: FaultyProxy
  let companion: ServedCompanion
  let dataDir: string

  beforeAll(async () => {
    newsroom = await openNewsroom()
    for (const [name, documents] of Object.entries(PROJECTS)) await newsroom.addProject(name, documents)
    proxy = await openFaultyProxy(newsroom.elasticsearch.url)
    dataDir = await newsroom.newFolder()
    companion = await newsroom.serve({ dataDir, elasticsearchUrl: proxy.url })
  }, 400_000)
  afterAll(async () => {
    await companion[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
    await newsroom[Symbol.asyncDispose]()
  })

  const start = async (project: string, body: object = {}): Promise<Task> => {
    const { status, body: answer } = await companion.client.call<{ task: Task }>('POST', `/api/projects/${project}/vectorize`, body)
    expect(status).toBe(202)
    return answer.task
  }
  const coverageOf = async (project: string): Promise<Project> => (await companion.client.call<Project>('GET', `/api/projects/${project}`)).body
  /** Each fault once, one after another, at requests of this kind. */
  const once = (faults: Fault[], isMeant: (asked: { path: string }) => boolean): void => {
    proxy.faultOf = asked => (isMeant(asked) ? faults.shift() ?? null : null)
  }

  it('R5: 429, 503 and half a page lose no document and count none twice', async () => {
    const pages: Fault[] = [429, 'half', 503, 503, 503]
    const contents: Fault[] = ['half', 429, 503, 503]
    proxy.faultOf = asked => (isPage(asked) ? pages.shift() : isContents(asked) ? contents.shift() : null) ?? null

    const task = await companion.client.vectorize('refusing')

    expect([...pages, ...contents]).toEqual([])
    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 2 * PAGE + 30, done: 30, empty: 2 * PAGE, failed: 0 } })
    expect((await coverageOf('refusing')).coverage).toMatchObject({ documents: 2 * PAGE + 30, vectorized: 30, empty: 2 * PAGE, missing: 0, stale: 0 })
  }, 300_000)

  it.skipIf(!isLong)('R5 (long): an Elasticsearch that takes a request and never answers is given up and asked again', async () => {
    once(['silence', 'silence', 'silence', 'silence'], asked => isPage(asked) || isContents(asked))

    const task = await companion.client.vectorize('silent')

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 20, done: 20 } })
  }, 600_000)

  /** Away in the middle of a vectorization, for at least so long. */
  async function outage(project: string, milliseconds: number): Promise<void> {
    // Small groups of contents, so that there is something left to ask for.
    const { id } = await start(project, { batchSize: 5 })
    await untilTask(companion, id, ({ counts }) => counts.done > 0)
    await newsroom.elasticsearch.goAway()

    const waiting = await untilTask(companion, id, ({ waitingFor }) => waitingFor !== null)
    const done = waiting.counts.done
    await sleep(milliseconds)
    const onTerminal = runCli(['status', project], { SIMILARITY_URL: companion.url })
    const still = await untilTask(companion, id, ({ waitingFor }) => waitingFor !== null)
    await newsroom.elasticsearch.comeBack()
    const task = await untilTask(companion, id, isFinished)

    expect([waiting, still]).toMatchObject(Array.from({ length: 2 }, () => ({ state: 'RUNNING', phase: 'waiting', waitingFor: 'elasticsearch', etaSeconds: null, error: null })))
    expect((await onTerminal).stdout).toContain('waiting for elasticsearch')
    expect(done).toBeLessThan(60)
    expect(task).toMatchObject({ state: 'DONE', waitingFor: null, counts: { documents: 60, done: 60, failed: 0 }, childCounts: { total: 12, done: 12, error: 0 } })
  }

  it('R5: while Elasticsearch is away a vectorization waits, says so, and goes on by itself', async () => {
    await outage('away', 0)
  }, 300_000)

  it.skipIf(!isLong)('R5 (long): Elasticsearch is away for a minute', async () => {
    await outage('away-for-long', 60_000)
  }, 600_000)

  it('R6: of a document that is changed between the scan and the reading of its text the new text counts, and is not read again', async () => {
    const changed = { ...changing!, source: { ...changing!.source, content: 'Now it is about a lighthouse.', contentTextLength: 29, extractionDate: '2026-04-04T10:00:00.000Z' } }
    let isChanged = false
    proxy.faultOf = async (asked) => {
      if (isContents(asked) && !isChanged) {
        isChanged = true
        await indexDocuments(newsroom.elasticsearch.url, 'changing', [changed])
      }
      return null
    }

    const task = await companion.client.vectorize('changing')
    const again = await companion.client.vectorize('changing')

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 5, done: 5 } })
    expect(again.counts.documents).toBe(0)
    const found = await companion.client.similar('changing', { queries: ['lighthouse'], mode: 'words' })
    expect(found.results[0]?.documents.map(({ documentId }) => documentId)).toEqual([changing!.id])
  }, 120_000)

  it('R7: documents without text are counted as such, and not read again', async () => {
    let contents = 0
    proxy.faultOf = (asked) => {
      if (isContents(asked)) contents++
      return null
    }

    const first = await companion.client.vectorize('scans')
    const read = contents
    const second = await companion.client.vectorize('scans')
    const retried = await companion.client.vectorize('scans', { mode: 'failed' })

    expect(first.counts).toMatchObject({ documents: 9, done: 3, empty: 6, failed: 0 })
    expect([second.counts.documents, retried.counts.documents, contents]).toEqual([0, 0, read])
    expect((await coverageOf('scans')).coverage).toMatchObject({ documents: 9, vectorized: 3, empty: 6, missing: 0 })
  }, 120_000)

  it('R15: coverage is the difference between Elasticsearch and the store, whatever has changed', async () => {
    await companion.client.vectorize('drifting')
    const added = drifting.slice(16)
    const reextracted = drifting.slice(0, 3).map(document => ({ ...document, source: { ...document.source, extractionDate: '2026-05-05T10:00:00.000Z' } }))
    await indexDocuments(newsroom.elasticsearch.url, 'drifting', [...added, ...reextracted])
    await deleteDocuments(newsroom.elasticsearch.url, 'drifting', drifting.slice(10, 12))

    await expect.poll(async () => (await coverageOf('drifting')).coverage, { timeout: 60_000 })
      .toEqual({ documents: 20, vectorized: 14, empty: 2, failed: 0, missing: 4, stale: 3, truncated: 0 })
    const task = await companion.client.vectorize('drifting')

    expect(task.counts).toMatchObject({ documents: 7, done: 7, passages: expect.any(Number) as number })
    await expect.poll(async () => (await coverageOf('drifting')).coverage, { timeout: 60_000 })
      .toEqual({ documents: 20, vectorized: 18, empty: 2, failed: 0, missing: 0, stale: 0, truncated: 0 })
    await companion.stop()
    const stored = (await contentOf(dataDir, 'drifting')).documents.map(({ documentId }) => documentId)
    companion = await newsroom.serve({ dataDir, elasticsearchUrl: proxy.url })
    const answer = await fetch(`${newsroom.elasticsearch.url}/drifting/_search?size=1000&_source=false`)
    const { hits } = await answer.json() as { hits: { hits: { _id: string }[] } }
    expect(stored).toEqual(hits.hits.map(({ _id }) => _id).sort())
  }, 180_000)
})
