import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Project, Task, TaskList } from '@datashare-similarity/shared'
import { hasJava } from '../testing/elasticsearch.ts'
import { isLong } from '../testing/engines.ts'
import { prose } from '../testing/memory-documents.ts'
import { files, isFinished, openNewsroom, untilTask, type Newsroom } from '../testing/newsroom.ts'
import { startWorker, type ServedCompanion, type ServedOptions, type StartedWorker } from '../testing/served-companion.ts'
import { clusterEnv, startTemporal, type TestTemporal } from '../testing/temporal.ts'

const KILLED_EVERY_MS = 20_000
const HOUR_MS = 3_600_000
const CLOCKS = new Map([['ahead', HOUR_MS], ['back', -HOUR_MS]])
/** All that a process asks of its clock. */
const clockOff = (milliseconds: number): string => `
  const Real = Date
  globalThis.Date = class extends Real {
    constructor(...given) { super(...given.length === 0 ? [Real.now() + ${milliseconds}] : given) }
    static now() { return Real.now() + ${milliseconds} }
  }`

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
    // A companion remembers for seconds which projects there are.
    for (const project of CLOCKS.keys()) await newsroom.addProject(project, files(120, 900))
    temporal = await startTemporal(isLong ? 'full' : 'test')
    stack.defer(() => temporal.stop())
    options = { dataDir: await newsroom.newFolder(), datashareUrl: newsroom.datashareUrl, elasticsearchUrl: newsroom.elasticsearch.url, env: clusterEnv(temporal) }
    companion = await newsroom.serve(options)
  }, 1_200_000)
  afterAll(() => stack.disposeAsync())

  /** They end with the case. */
  const work = async (own: Partial<ServedOptions> = {}): Promise<StartedWorker> => {
    const worker = await startWorker({ ...options, dataDir: await newsroom.newFolder(), ...own })
    onTestFinished(() => worker[Symbol.asyncDispose]())
    return worker
  }
  const another = async (own: Partial<ServedOptions> = {}): Promise<ServedCompanion> => {
    const other = await newsroom.serve({ ...options, dataDir: await newsroom.newFolder(), ...own })
    onTestFinished(() => other[Symbol.asyncDispose]())
    return other
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
    await newsroom.addProject('cancelled', files(150, 1_500))
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
    expect(done.counts.done).toBeLessThanOrEqual(150 - cancelled.counts.done)
    expect((await coverage('cancelled')).coverage).toMatchObject({ documents: 150, vectorized: 150 })
  }, 300_000)

  it('two companions are as one: what one began the other shows, refuses to begin again, cancels and resumes, and both find the same', async () => {
    const documents = files(100, 900)
    await newsroom.addProject('shared', documents)
    const other = await another()
    await work()
    const { id } = await vectorize('shared', { mode: 'update', batchSize: 4 })
    await untilTask(other, id, ({ counts }) => counts.done > 4)

    expect(await other.client.call('POST', '/api/projects/shared/vectorize', { mode: 'update' })).toMatchObject({ status: 409, body: { code: 'chain_running', taskId: id } })
    await other.client.call('POST', `/api/tasks/${id}/cancel`)
    expect((await untilTask(companion, id, isFinished)).state).toBe('CANCELLED')
    const resumed = (await other.client.call<{ task: Task }>('POST', `/api/tasks/${id}/resume`)).body.task
    const [task, seen] = await Promise.all([companion, other].map(from => untilTask(from, resumed.id, isFinished)))

    expect(task).toEqual(seen)
    expect(task).toMatchObject({ state: 'DONE', resumes: id })
    const asked = await Promise.all([companion, other].map(({ client }) => client.similar('shared', { queries: [prose(9, 900).slice(0, 120)] })))
    expect(asked[0]?.results[0]?.documents[0]?.documentId).toBe(documents[8]?.id)
    expect(asked[1]?.results).toEqual(asked[0]?.results)
    expect((await coverage('shared')).coverage).toMatchObject({ documents: 100, vectorized: 100 })
  }, 180_000)

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

  it.runIf(isLong)('R9 (long): while Elasticsearch takes no more writes a rebuild waits and says so, the vectors before it answer, and it goes on by itself', async () => {
    const block = (isFull: true | null) => fetch(`${newsroom.elasticsearch.url}/datashare-similarity-*/_settings`, {
      method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ 'index.blocks.read_only_allow_delete': isFull }),
    })
    await newsroom.addProject('full', files(120, 900))
    await work()
    await companion.client.vectorize('full')
    const ask = () => companion.client.similar('full', { queries: ['who sold the yacht'] })
    const before = await ask()

    const { id } = await vectorize('full', { mode: 'rebuild', batchSize: 4 })
    await untilTask(companion, id, ({ counts }) => counts.done > 4)
    await block(true)
    const waiting = await untilTask(companion, id, ({ waitingFor }) => waitingFor === 'disk')
    const meanwhile = await ask()
    await block(null)
    const task = await untilTask(companion, id, isFinished)

    expect(waiting).toMatchObject({ state: 'RUNNING', phase: 'waiting', error: null })
    expect(before.results[0]?.documents.length).toBeGreaterThan(0)
    expect(meanwhile).toMatchObject({ generation: before.generation, results: before.results })
    await isComplete('full', task, 120)
  }, 300_000)

  it.skipIf(!isLong).each([...CLOCKS])('R16 (long): a worker and a companion whose clocks are an hour %s do their part, and take nothing from the others', async (direction, jump) => {
    const preload = clockOff(jump)
    const other = await another({ preload })
    await Promise.all([work(), work({ preload })])
    const start = ({ client }: ServedCompanion) => client.call<{ task: Task }>('POST', `/api/projects/${direction}/vectorize`, { mode: 'update', batchSize: 4 })

    const starts = await Promise.all([start(companion), start(other)])
    const id = starts.find(({ status }) => status === 202)?.body.task.id ?? ''
    const seen = new Set<Task['waitingFor']>()
    await Promise.all([companion, other].map(from => untilTask(from, id, (task) => {
      seen.add(task.waitingFor)
      return isFinished(task)
    })))

    expect(starts.map(({ status }) => status).sort()).toEqual([202, 409])
    expect([...seen]).toEqual([null])
    await isComplete(direction, await untilTask(other, id, isFinished), 120)
    for (const from of [companion, other, companion]) {
      const { body: { task } } = await start(from)
      await untilTask(from, task.id, isFinished)
      expect((await coverage(direction)).task?.id).toBe(task.id)
    }
  }, 300_000)
})
