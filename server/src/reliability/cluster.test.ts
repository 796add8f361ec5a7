import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Project, Task, TaskList } from '@datashare-similarity/shared'
import { hasJava } from '../testing/elasticsearch.ts'
import { prose } from '../testing/memory-documents.ts'
import { files, isFinished, openNewsroom, untilTask, type Newsroom } from '../testing/newsroom.ts'
import { startWorker, type ServedCompanion, type ServedOptions } from '../testing/served-companion.ts'
import { startTemporal, type TestTemporal } from '../testing/temporal.ts'

const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'
const KILLED_EVERY_MS = 20_000

type Worker = Awaited<ReturnType<typeof startWorker>>

/** Companion and workers as processes of their own, on a real Elasticsearch and a real Temporal. */
describe.skipIf(!hasJava())('a cluster', () => {
  let stack: AsyncDisposableStack
  let newsroom: Newsroom
  let temporal: TestTemporal
  let companion: ServedCompanion
  let options: ServedOptions

  beforeAll(async () => {
    stack = new AsyncDisposableStack()
    newsroom = stack.use(await openNewsroom())
    temporal = await startTemporal(isLong ? 'full' : 'test')
    stack.defer(() => temporal.stop())
    const env = { SIMILARITY_ENGINE: 'temporal', SIMILARITY_STORE: 'elasticsearch', TEMPORAL_ADDRESS: temporal.address }
    options = { dataDir: await newsroom.newFolder(), datashareUrl: newsroom.datashareUrl, elasticsearchUrl: newsroom.elasticsearch.url, env }
    companion = await newsroom.serve(options)
  }, 1_200_000)
  afterAll(() => stack.disposeAsync())

  /** They end with the case. */
  const work = async (): Promise<Worker> => {
    const worker = await startWorker({ ...options, dataDir: await newsroom.newFolder() })
    onTestFinished(() => worker[Symbol.asyncDispose]())
    return worker
  }
  const vectorize = async (project: string, body: object = { mode: 'update' }): Promise<Task> =>
    (await companion.client.call<{ task: Task }>('POST', `/api/projects/${project}/vectorize`, body)).body.task
  const coverage = async (project: string): Promise<Project> => (await companion.client.call<Project>('GET', `/api/projects/${project}`)).body

  /** Every document once, with all of its passages, and the chain says the same. */
  async function isComplete(project: string, task: Task, documents: number): Promise<void> {
    expect(task).toMatchObject({ state: 'DONE', counts: { documents, done: documents, empty: 0, failed: 0 } })
    const { coverage: covered, passages } = await coverage(project)
    expect(covered).toMatchObject({ documents, vectorized: documents, missing: 0, stale: 0, failed: 0 })
    expect(passages).toBe(task.counts.passages)
  }

  it('a project is vectorized by a worker, searched through the companion, and updated without reading anything again', async () => {
    const documents = files(40, 400)
    await newsroom.addProject('cluster', documents)
    const worker = await work()

    const { id } = await vectorize('cluster', { mode: 'update', batchSize: 8 })
    const task = await untilTask(companion, id, isFinished)
    const again = await untilTask(companion, (await vectorize('cluster')).id, isFinished)

    await isComplete('cluster', task, 40)
    expect(task.childCounts).toEqual({ total: 5, done: 5, error: 0 })
    expect(again).toMatchObject({ state: 'DONE', counts: { documents: 0, passages: 0 } })
    const { results: [group], coverage: covered } = await companion.client.similar('cluster', { queries: [prose(7, 400).slice(0, 120)] })
    expect(group?.documents[0]?.documentId).toBe(documents[6]?.id)
    expect(covered.vectorized).toBe(40)
    const { items } = (await companion.client.call<TaskList>('GET', '/api/tasks?project=cluster')).body
    expect(items.map(({ state }) => state)).toEqual(['DONE', 'DONE'])
    expect((await companion.client.call('GET', '/api/info')).body).toMatchObject({ engine: 'temporal', store: 'elasticsearch' })
    expect(await worker.stop()).toBe(0)
    expect(worker.said()).toBe('')
  }, 180_000)

  it('R10: a chain is cancelled within five seconds, and resumes with what is missing', async () => {
    await newsroom.addProject('cancelled', files(400, 1_500))
    await work()
    const { id } = await vectorize('cancelled', { mode: 'update', batchSize: 4 })
    await untilTask(companion, id, ({ counts }) => counts.done > 4)

    const asked = performance.now()
    await companion.client.call('POST', `/api/tasks/${id}/cancel`)
    const cancelled = await untilTask(companion, id, isFinished)
    const seconds = (performance.now() - asked) / 1_000
    const resumed = (await companion.client.call<{ task: Task }>('POST', `/api/tasks/${id}/resume`)).body.task
    const done = await untilTask(companion, resumed.id, isFinished)

    expect(cancelled.state).toBe('CANCELLED')
    expect(seconds).toBeLessThan(5)
    expect(done).toMatchObject({ state: 'DONE', resumes: id })
    expect(done.counts.done).toBeLessThanOrEqual(400 - cancelled.counts.done)
    expect((await coverage('cancelled')).coverage).toMatchObject({ documents: 400, vectorized: 400 })
  }, 300_000)

  // The test server leaves to a dead worker what it was about to do.
  it.runIf(isLong)('R1 (long): a worker that is killed leaves its batches to another one, and nothing is missing or twice', async () => {
    await newsroom.addProject('killed', files(120, 1_000))
    const first = await work()
    const { id } = await vectorize('killed', { mode: 'update', batchSize: 4 })
    await untilTask(companion, id, ({ counts }) => counts.done > 8)
    await first.kill()
    await work()

    await isComplete('killed', await untilTask(companion, id, isFinished), 120)
  }, 300_000)

  it.runIf(isLong)('R1 (long): of three workers one is killed every 20 seconds, and 5,000 documents end complete', async () => {
    await newsroom.addProject('harassed', files(5_000, 1_200))
    const workers = await Promise.all([work(), work(), work()])
    const { id } = await vectorize('harassed', { mode: 'update', batchSize: 16 })
    let kills = 0
    let turn = Promise.resolve()
    const harassing = setInterval(() => {
      turn = turn.then(async () => {
        const next = kills++ % workers.length
        await workers[next]?.kill()
        workers[next] = await work()
      })
    }, KILLED_EVERY_MS)
    const task = await untilTask(companion, id, isFinished).finally(() => clearInterval(harassing))
    await turn
    await Promise.all(workers.map(worker => worker.stop()))

    console.log(`${kills} kills`)
    expect(kills).toBeGreaterThan(3)
    await isComplete('harassed', task, 5_000)
  }, 3_600_000)

  it.runIf(isLong)('R1 (long): Temporal is stopped in the middle of a chain and started again, and the chain ends complete', async () => {
    await newsroom.addProject('stopped', files(600, 1_200))
    await work()
    const { id } = await vectorize('stopped', { mode: 'update', batchSize: 8 })
    await untilTask(companion, id, ({ counts }) => counts.done > 50)

    await temporal.goAway()
    await untilTask(companion, id, ({ waitingFor }) => waitingFor === 'temporal')
    await temporal.comeBack()

    await isComplete('stopped', await untilTask(companion, id, isFinished), 600)
  }, 1_800_000)
})
