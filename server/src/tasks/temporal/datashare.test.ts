import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TASK_NAMES } from '@datashare-similarity/shared'
import { startTask } from '../../datashare/tasks.ts'
import { hold, holdAfter } from '../../testing/chain.ts'
import { hasDatashareTasks, startDatashareTasks, type DatashareTasks, type ShownTask } from '../../testing/datashare-tasks.ts'
import { eachChain, there } from '../../testing/each-chain.ts'
import { isLong } from '../../testing/engines.ts'
import { prose } from '../../testing/memory-documents.ts'
import { startCluster, type TemporalCluster } from '../../testing/temporal-chain.ts'
import { TASK_QUEUE, UNKNOWN_TASK } from './names.ts'

describe.skipIf(!isLong || !hasDatashareTasks())('beside Datashare\'s own manager of tasks, on the full Temporal (long, needs Java 17, Maven, Go and Python)', () => {
  let cluster: TemporalCluster<DatashareTasks>
  beforeAll(async () => {
    cluster = await startCluster('full', startDatashareTasks)
  }, 1_200_000)
  afterAll(() => cluster[Symbol.asyncDispose]())
  const given = eachChain(embedders => cluster.open(embedders))

  const shown = async (id: string): Promise<ShownTask> => there(await cluster.datashare.task(id))
  const untilShown = (id: string, expected: object): Promise<void> =>
    vi.waitFor(async () => expect(await shown(id)).toMatchObject(expected), { timeout: 20_000 })

  it('a chain stands there as its owner\'s, and ends as DONE with the number of documents', async () => {
    given.fill(3)

    const { id } = await given.chain.vectorize()

    expect(await shown(id)).toMatchObject({
      id, name: TASK_NAMES.createVectorizationTasks, state: 'DONE', progress: 1, result: { value: 3 },
      args: { project: given.chain.project.name, defaultProject: given.chain.project.name },
    })
  })

  it('its progress there is that of its batches', async () => {
    given.fill(4)
    const reached = holdAfter(given.embedders, 2)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update', batchSize: 1 })
    await reached

    await untilShown(id, { state: 'RUNNING', progress: 0.5 })
    await given.chain.engine.cancel(given.chain.caller, id)
    await given.chain.engine.idle()

    await untilShown(id, { state: 'CANCELLED' })
    expect(await given.chain.task(id)).toMatchObject({ state: 'CANCELLED', counts: { done: 2 } })
  })

  it('a chain that is stopped there is cancelled, and resumes as another task there, which does the rest', async () => {
    given.fill(4)
    const reached = holdAfter(given.embedders, 2)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update', batchSize: 1 })
    await reached

    await cluster.datashare.stop(id)
    await vi.waitFor(async () => expect(await given.chain.task(id)).toMatchObject({ state: 'CANCELLED' }), { timeout: 20_000 })
    given.embedders.gate = () => undefined
    const resumed = await given.chain.engine.resume(given.chain.caller, id)
    await given.chain.engine.idle()

    expect((await shown(id)).state).toBe('CANCELLED')
    expect(await shown(resumed.id)).toMatchObject({ state: 'DONE' })
    expect((await given.chain.rows()).size).toBe(4)
  })

  it('a chain that fails ends there as ERROR with its code', async () => {
    given.fill(1)
    given.chain.source.beforeRead = () => { throw new Error('a fault of a kind that nobody has thought of') }

    const { id } = await given.chain.vectorize()

    expect(await given.chain.task(id)).toMatchObject({ state: 'ERROR', error: { code: 'internal' } })
    const { state, error } = await shown(id)
    expect(state).toBe('ERROR')
    expect(error?.message).toContain('internal')
    expect(JSON.stringify(error)).not.toContain('nobody has thought of')
  })

  it('a task that was put there by hand ends as ERROR and reads nothing', async () => {
    given.fill(1)
    const args = { project: given.chain.project.name, defaultProject: given.chain.project.name, mode: 'update', batchSize: 64, model: given.real.defaultModel.id }
    const forged = { id: `${TASK_NAMES.createVectorizationTasks}-${given.chain.project.name}`, name: TASK_NAMES.createVectorizationTasks, group: TASK_QUEUE, args }

    await startTask(cluster.datashare.url, given.chain.caller, forged)

    await untilShown(forged.id, { state: 'ERROR', error: { message: expect.stringContaining(UNKNOWN_TASK) as string } })
    expect([given.chain.source.scans, given.chain.source.reads.length, given.embedders.embedded]).toEqual([0, 0, 0])
    expect(await given.chain.engine.latest(given.chain.project)).toBeNull()
  })

  it('a chain that is stopped and cleaned there has ended here too, and its project takes another', async () => {
    given.fill(2)
    const { reached } = hold(given.embedders)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update' })
    await reached
    await cluster.datashare.stop(id)
    await cluster.datashare.clean(id)

    await vi.waitFor(async () => expect((await given.chain.task(id)).state).toMatch(/CANCELLED|ERROR/), { timeout: 90_000, interval: 500 })
    given.embedders.gate = () => undefined
    expect(await given.chain.vectorize()).toMatchObject({ state: 'DONE', counts: { done: 2 } })
  }, 120_000)

  it('a search there ends as DONE with the ids of documents as a string', async () => {
    given.fill(2)
    await given.chain.vectorize()
    const searches = there(given.chain.engine.searches)

    const id = await searches.start(given.chain.project, { queries: [prose(2, 300)], size: 1 })

    await untilShown(id, { name: TASK_NAMES.findMostSimilar, state: 'DONE', result: { value: '[["d2"]]' } })
    expect(await searches.get(given.chain.project, id)).toEqual({ state: 'DONE', documentIds: [['d2']] })
  })
})
