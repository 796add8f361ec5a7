import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Project, Task } from '@datashare-similarity/shared'
import { runCli } from '../testing/companion.ts'
import { aDocument, deleteDocuments, hasJava, indexDocuments, type IndexedDocument } from '../testing/elasticsearch.ts'
import { describeEngines, isLong } from '../testing/engines.ts'
import { openFaultyProxy, type Fault, type FaultyProxy } from '../testing/faulty-proxy.ts'
import { files, isFinished, openNewsroom, untilTask, type Newsroom } from '../testing/newsroom.ts'
import { rollDice } from '../testing/random.ts'
import type { ServedCompanion } from '../testing/served-companion.ts'

const PAGE = 1_000
const empty = (count: number): IndexedDocument[] => Array.from({ length: count }, (_, index) => aDocument({ path: `/vault/empty-${index}.txt`, content: '' }))
const [changing, ...unchanged] = files(5, 400, 500)
const drifting = files(20, 400, 700)

/** They are there before the companion is: it remembers for seconds who may read what. */
const PROJECTS = {
  'refusing': [...files(30, 400), ...empty(2 * PAGE)],
  'silent': files(20, 400),
  'troubled': files(60, 400),
  'calm': files(60, 400),
  'away': files(60, 1_500),
  'away-for-long': files(60, 1_500),
  'changing': [changing!, ...unchanged],
  'scans': [...files(3, 400), ...empty(4), aDocument({ content: null }), aDocument({ content: ' \n\t ' })],
  'drifting': [...drifting.slice(0, 16), ...empty(2)],
}

const isPage = ({ path }: { path: string }): boolean => path.startsWith('/_search')
const isCount = ({ path, body }: { path: string, body: string }): boolean => path.includes('/_update/') && /"done":[1-9]/.test(body)
const isContents = ({ path }: { path: string }): boolean => path.includes('/_mget')

/** What is seen of a task while Elasticsearch is away: of a cluster nothing, as it keeps the tasks too. */
const SEEN_MEANWHILE = {
  local: { status: 200, body: { state: 'RUNNING', phase: 'waiting', waitingFor: 'elasticsearch', etaSeconds: null, error: null } },
  temporal: { status: 503, body: { code: 'elasticsearch_unreachable' } },
}
const SAID_MEANWHILE = { local: 'waiting for elasticsearch', temporal: 'elasticsearch_unreachable' }

describeEngines('when Elasticsearch is ill (needs Java 17 and Maven)', (engine, form) => {
  let newsroom: Newsroom
  let proxy: FaultyProxy
  let companion: ServedCompanion
  let dataDir: string

  beforeAll(async () => {
    newsroom = await openNewsroom(engine)
    for (const [name, documents] of Object.entries(PROJECTS)) await newsroom.addProject(name, documents)
    proxy = await openFaultyProxy(newsroom.elasticsearch.url)
    dataDir = await newsroom.newFolder()
    companion = await newsroom.serve({ dataDir, elasticsearchUrl: proxy.url })
  }, 1_200_000)
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

  it(`R5${form}: 429, 503 and half a page lose no document and count none twice`, async () => {
    const pages: Fault[] = [429, 'half', 503, 503, 503]
    const contents: Fault[] = ['half', 429, 503, 503]
    // A worker keeps its counts there too.
    const counts: Fault[] = engine === 'temporal' ? [503, 503, 503] : []
    proxy.faultOf = asked => (isPage(asked) ? pages.shift() : isContents(asked) ? contents.shift() : isCount(asked) ? counts.shift() : null) ?? null

    const task = await companion.client.vectorize('refusing')

    expect([...pages, ...contents, ...counts]).toEqual([])
    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 2 * PAGE + 30, done: 30, empty: 2 * PAGE, failed: 0 } })
    expect((await coverageOf('refusing')).coverage).toMatchObject({ documents: 2 * PAGE + 30, vectorized: 30, empty: 2 * PAGE, missing: 0, stale: 0 })
  }, 300_000)

  it.skipIf(!isLong)('R5 (long): of all that is asked of Elasticsearch one in ten fails at random, and the vectors are those of an undisturbed run', async () => {
    const dice = rollDice('R5')
    const faults = [429, 503, 'half'] as const
    const { id } = await start('troubled', { batchSize: 4 })
    proxy.faultOf = () => (dice.next() < 0.1 ? faults[dice.between(0, 2)] ?? null : null)
    const task = await untilTask(companion, id, isFinished)
    proxy.faultOf = () => null
    await companion.client.vectorize('calm')
    await companion.stop()
    const [troubled, calm] = [await newsroom.contentOf(dataDir, 'troubled'), await newsroom.contentOf(dataDir, 'calm')]
    companion = await newsroom.serve({ dataDir, elasticsearchUrl: proxy.url })

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 60, done: 60, failed: 0 }, childCounts: { total: 15, done: 15, error: 0 } })
    expect(troubled).toEqual(calm)
  }, 900_000)

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

    const seen = () => companion.client.call<Task>('GET', `/api/tasks/${id}`)
    await expect.poll(seen, { timeout: 60_000 }).toMatchObject(SEEN_MEANWHILE[engine])
    await sleep(milliseconds)
    const onTerminal = await runCli(['status', project], { SIMILARITY_URL: companion.url })
    const still = await seen()
    await newsroom.elasticsearch.comeBack()
    const task = await untilTask(companion, id, isFinished)

    expect(still).toMatchObject(SEEN_MEANWHILE[engine])
    expect(onTerminal.stdout + onTerminal.stderr).toContain(SAID_MEANWHILE[engine])
    expect(task).toMatchObject({ state: 'DONE', waitingFor: null, counts: { documents: 60, done: 60, failed: 0 }, childCounts: { total: 12, done: 12, error: 0 } })
  }

  it(`R5${form}: while Elasticsearch is away a vectorization waits, says so, and goes on by itself`, async () => {
    await outage('away', 0)
  }, 300_000)

  it.skipIf(!isLong)('R5 (long): Elasticsearch is away for a minute', async () => {
    await outage('away-for-long', 60_000)
  }, 600_000)

  it(`R6${form}: of a document that is changed between the scan and the reading of its text the new text counts, and is not read again`, async () => {
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

  it(`R7${form}: documents without text are counted as such, and not read again`, async () => {
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

  it(`R15${form}: coverage is the difference between Elasticsearch and the store, whatever has changed`, async () => {
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
    const stored = (await newsroom.contentOf(dataDir, 'drifting')).documents.map(({ documentId }) => documentId)
    companion = await newsroom.serve({ dataDir, elasticsearchUrl: proxy.url })
    const answer = await fetch(`${newsroom.elasticsearch.url}/drifting/_search?size=1000&_source=false`)
    const { hits } = await answer.json() as { hits: { hits: { _id: string }[] } }
    expect(stored).toEqual(hits.hits.map(({ _id }) => _id).sort())
  }, 180_000)
}, hasJava())
