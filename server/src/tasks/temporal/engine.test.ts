import { setTimeout as sleep } from 'node:timers/promises'
import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { TASK_NAMES } from '@datashare-similarity/shared'
import type { Embedders } from '../../embedding/embedder.ts'
import { openEmbedders } from '../../embedding/embedders.ts'
import { PASSAGE_RULES } from '../../passages/passage.ts'
import { aCaller } from '../../testing/callers.ts'
import { hold, log, watch, type TestChain, type WatchedEmbedders } from '../../testing/chain.ts'
import { hasJava } from '../../testing/elasticsearch.ts'
import { openFaultyProxy } from '../../testing/faulty-proxy.ts'
import { describeRules } from '../../testing/rules-conformance.ts'
import { describeVectorizing } from '../../testing/vectorizing-conformance.ts'
import { prose } from '../../testing/memory-documents.ts'
import { startCluster, type TemporalCluster } from '../../testing/temporal-chain.ts'
import { startIt, startTemporalDatashare, type TemporalDatashare } from '../../testing/temporal-datashare.ts'
import { batchId, hashOfArgs, workflowArgs } from './ledger.ts'
import { TASK_QUEUE, UNKNOWN_TASK } from './names.ts'
import { openClusterRecords, type ClusterRecords } from './records.ts'

describe.skipIf(!hasJava())('on a real Temporal and a real Elasticsearch', () => {
  let cluster: TemporalCluster<TemporalDatashare>
  beforeAll(async () => {
    cluster = await startCluster('test', startTemporalDatashare)
  }, 400_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  describe('does what every engine does', () => {
    describe('vectorizes', () => describeVectorizing(embedders => cluster.open(embedders)))
    describe('keeps the rules', () => describeRules(embedders => cluster.open(embedders)))
  })

  describe('beside Datashare and whoever else reaches Temporal', () => {
    let real: Embedders
    let embedders: WatchedEmbedders
    let chain: TestChain
    let records: ClusterRecords
    let connection: Connection
    let client: Client

    beforeAll(async () => {
      real = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
      records = await openClusterRecords(cluster.elasticsearch)
      connection = await Connection.connect({ address: cluster.temporal.address })
      client = new Client({ connection, namespace: cluster.temporal.namespace })
    })
    afterAll(async () => {
      await connection.close()
      await records.close()
      await real.close()
    })
    beforeEach(async () => {
      embedders = watch(real)
      chain = await cluster.open(embedders)
      cluster.datashare.settings = {}
      cluster.datashare.onPut = startIt
      for (const number of [1, 2]) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
      return () => chain[Symbol.asyncDispose]()
    })

    const byHand = (workflowId: string, args: unknown, type: string = TASK_NAMES.createVectorizationTasks): Promise<WorkflowHandle> =>
      client.workflow.start(type, { taskQueue: TASK_QUEUE, workflowId, args: [args] })
    const failureOf = (handle: WorkflowHandle): Promise<unknown> =>
      handle.result().then((result: unknown) => ({ result }), (error: unknown) => (error instanceof Error ? error.cause : error))
    const spec = (mode: 'update' | 'rebuild' = 'update') => ({ project: chain.project.name, mode, args: { batchSize: 64, modelId: real.defaultModel.id }, createdBy: 'ada' })
    const argsOf = (user: string, mode?: 'update' | 'rebuild') => ({ ...workflowArgs(spec(mode)), user: { id: user } })
    const isRefused = async (handle: WorkflowHandle): Promise<void> => {
      expect(await failureOf(handle)).toMatchObject({ type: UNKNOWN_TASK, nonRetryable: true })
      expect([chain.source.scans, chain.source.reads.length, embedders.embedded]).toEqual([0, 0, 0])
    }

    it('a task that no companion has written ends in an error, and reads nothing', async () => {
      await isRefused(await byHand(`${TASK_NAMES.createVectorizationTasks}-invented`, argsOf('ada')))
      expect(await chain.engine.latest(chain.project)).toBeNull()
    })

    it('a task of another user, or with other arguments than those that were allowed, ends in an error, and reads nothing', async () => {
      const ofAnother = await records.ledger.addChain(spec())
      await isRefused(await byHand(ofAnother.id, argsOf('eve')))
      await records.ledger.withdraw(await records.ledger.get(ofAnother.id) ?? expect.fail('no record'))

      const changed = await records.ledger.addChain(spec())
      await isRefused(await byHand(changed.id, argsOf('ada', 'rebuild')))
      await records.ledger.withdraw(await records.ledger.get(changed.id) ?? expect.fail('no record'))
    })

    it('R5: what was written though its answer was lost stands there once, and is taken for nobody else\'s', async () => {
      await using proxy = await openFaultyProxy(cluster.elasticsearch.url)
      const lossy = await openClusterRecords(proxy)
      let answers = 0
      // Asked again at once, a write finds itself.
      proxy.faultOf = ({ method }) => (method === 'PUT' && answers++ % 2 === 0 ? 'half' : null)
      const { model } = await real.get(real.defaultModel.id)

      const task = await lossy.ledger.addChain(spec())
      const generation = await lossy.projects.create({ project: chain.project.name, modelId: model.id, modelRevision: model.revision, dimensions: model.dimensions, passageRules: PASSAGE_RULES })
      await lossy.close()

      expect(proxy.shown.length).toBe(3)
      expect(await records.ledger.runningChain(chain.project.name)).toEqual(task)
      expect(await records.projects.all(chain.project.name)).toEqual([generation])
      await records.ledger.withdraw(task)
    })

    it('no generation is taken out of use once another companion has begun a chain, though it has not written it yet', async () => {
      await chain.vectorize()
      const before = await chain.current()
      await records.projects.change(chain.project.name, record => ({ ...record, running: { task: 'claimed' } }))

      await expect(records.ledger.retireAll(chain.project.name)).rejects.toMatchObject({ code: 'chain_running' })
      await records.projects.change(chain.project.name, record => ({ ...record, running: null }))

      expect(await chain.current()).toEqual(before)
    })

    it('a task that is done is not done again by whoever knows its id and its arguments', async () => {
      const { id } = await chain.vectorize()
      const reads = chain.source.reads.length

      expect(await failureOf(await byHand(id, argsOf('ada')))).toMatchObject({ type: UNKNOWN_TASK })
      expect(chain.source.reads.length).toBe(reads)
      expect(await chain.task(id)).toMatchObject({ state: 'DONE' })
    })

    it('a step of a chain is not started without the chain', async () => {
      const { reached, letGo } = hold(embedders)
      const { id } = await chain.engine.start(chain.project, { mode: 'update' })
      await reached

      for (const type of [TASK_NAMES.vectorizeDocs, 'drop_retired']) {
        expect(await failureOf(await byHand(`${type}-by-hand`, type === TASK_NAMES.vectorizeDocs ? { chain: id, attempt: 1, from: 0, to: 1, batches: 1 } : id, type))).toMatchObject({ type: UNKNOWN_TASK })
      }
      letGo()
      await chain.engine.idle()

      expect(chain.source.reads).toEqual(['d1', 'd2'])
    })

    it('a chain is begun, cancelled and ended while the batches of another one take all that a worker can do at once', async () => {
      for (const number of [3, 4, 5]) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
      chain.source.put(chain.other.name, { id: 'd1', content: prose(1, 300) })
      const { reached, letGo } = hold(embedders)
      await chain.engine.start(chain.project, { mode: 'update', batchSize: 1 })
      await reached

      const { id } = await chain.engine.start(chain.other, { mode: 'update' })
      // Its batch waits for a worker.
      await vi.waitFor(() => client.workflow.getHandle(`${id}/0`).describe(), { timeout: 10_000 })
      await chain.engine.cancel(chain.caller, id)

      await vi.waitFor(async () => expect(await chain.task(id)).toMatchObject({ state: 'CANCELLED' }), { timeout: 10_000 })
      letGo()
      await chain.engine.idle()
    })

    it('where Datashare hands out tasks by group, a chain stands on its page, started as the caller', async () => {
      cluster.datashare.settings = { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'GROUP', temporalNamespace: cluster.temporal.namespace }

      const task = await chain.vectorize()

      expect(task).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
      const [put] = cluster.datashare.tasks.filter(({ body }) => body.id === task.id)
      expect(put).toMatchObject({ csrf: expect.stringMatching(/.+/) as string, body: { name: task.name, args: { project: chain.project.name, defaultProject: chain.project.name, user: { id: 'ada' } } } })
      expect(await client.workflow.getHandle(task.id).result()).toBe(2)
    })

    it.each([[401, 'anonymous'], [403, 'project_forbidden'], [500, 'datashare_unreachable']])('a start that Datashare answers with %i is told as %s, and leaves nothing that keeps the project from the next one', async (status, code) => {
      cluster.datashare.settings = { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'GROUP' }
      cluster.datashare.onPut = () => Promise.resolve(status)

      await expect(chain.engine.start(chain.project, { mode: 'update' })).rejects.toMatchObject({ code })

      expect(await chain.engine.latest(chain.project)).toBeNull()
      cluster.datashare.onPut = startIt
      expect(await chain.vectorize()).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    })

    it('a start whose answer is lost has started the chain', async () => {
      cluster.datashare.settings = { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'GROUP' }
      cluster.datashare.onPut = async (start) => {
        await start()
        return 500
      }

      expect(await chain.vectorize()).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    })

    it('a chain that is cancelled while it is being started is cancelled', async () => {
      cluster.datashare.settings = { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'GROUP' }
      const asked = Promise.withResolvers<undefined>()
      const cancelled = Promise.withResolvers<undefined>()
      cluster.datashare.onPut = async (start) => {
        asked.resolve(undefined)
        await cancelled.promise
        return startIt(start)
      }
      const { get } = embedders
      // Its first step goes on until it hears of it.
      const spy = vi.spyOn(embedders, 'get').mockImplementation(async (id) => {
        await Promise.race([Context.current().cancelled.catch(() => undefined), sleep(10_000)])
        return get(id)
      })
      onTestFinished(() => spy.mockRestore())
      const starting = chain.engine.start(chain.project, { mode: 'update' })
      await asked.promise
      const { id } = await chain.engine.latest(chain.project) ?? expect.fail('no task')

      await chain.engine.cancel(chain.caller, id)
      cancelled.resolve(undefined)
      await starting
      await chain.engine.idle()

      expect(await chain.task(id)).toMatchObject({ state: 'CANCELLED', phase: null, counts: { done: 0 } })
    })

    it('R2: a batch whose failure Temporal has not heard of is done again, one whose record is gone ends the chain, and what a try waited for is forgotten', async () => {
      for (const number of [3, 4, 5, 6, 7]) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
      const begun = async (): Promise<{ id: string, letGo: () => void }> => {
        const { reached, letGo } = hold(embedders)
        const { id } = await chain.engine.start(chain.project, { mode: 'rebuild', batchSize: 1 })
        await reached
        return { id, letGo }
      }
      const first = await begun()
      await records.ledger.change(batchId(first.id, 1, 5), { state: 'ERROR', error_code: 'internal', error_detail: 'told to nobody', completed_at: '2026-01-01T00:00:00.000Z' })
      await records.ledger.change(batchId(first.id, 1, 6), { waiting_for: 'embedder' })
      first.letGo()
      await chain.engine.idle()

      expect(await chain.task(first.id)).toMatchObject({ state: 'DONE', counts: { documents: 7, done: 7 }, childCounts: { total: 7, done: 7, error: 0 } })
      expect(await records.ledger.get(batchId(first.id, 1, 5))).toMatchObject({ state: 'DONE', error_code: null, error_detail: null })
      expect(await records.ledger.get(batchId(first.id, 1, 6))).toMatchObject({ waiting_for: null })

      const second = await begun()
      await fetch(`${cluster.elasticsearch.url}/datashare-similarity-tasks-2/_doc/${batchId(second.id, 1, 6)}`, { method: 'DELETE' })
      second.letGo()
      await chain.engine.idle()

      expect(await chain.task(second.id)).toMatchObject({ state: 'ERROR', error: { code: 'task_lost' } })
    })

    it('R1: of two tries of a scan only the batches of the latter one stay', async () => {
      const task = await records.ledger.addChain(spec())
      const documents = [{ id: 'd1', rootId: 'd1', extractionDate: null, characters: 10 }]
      await records.ledger.addBatches(task, 1, 0, [documents, documents])
      await records.ledger.addBatches(task, 2, 0, [documents])

      await records.ledger.dropBatches(task.id, 2)
      expect((await records.ledger.batches(task.id, 0, 10)).records.map(({ id }) => id)).toEqual([batchId(task.id, 2, 0)])
      await records.ledger.change(task.id, { attempt: 2 })
      // Its first try, which was given up, goes on for a while.
      expect(await failureOf(await byHand(task.id, argsOf('ada')))).toMatchObject({ type: UNKNOWN_TASK })

      expect((await records.ledger.batches(task.id, 0, 10)).records.map(({ id }) => id)).toEqual([batchId(task.id, 2, 0)])
      await records.ledger.withdraw(await records.ledger.get(task.id) ?? expect.fail('no record'))
      expect((await records.ledger.batches(task.id, 0, 10)).total).toBe(0)
    })

    it('a chain that was stopped on Datashare\'s page is cancelled, and the project takes another', async () => {
      const { reached } = hold(embedders)
      const { id } = await chain.engine.start(chain.project, { mode: 'update' })
      await reached

      await cluster.datashare.stop(id)

      await vi.waitFor(async () => expect(await chain.task(id)).toMatchObject({ state: 'CANCELLED', phase: null, childCounts: { total: 1, done: 0 } }), { timeout: 20_000 })
      embedders.gate = () => undefined
      expect(await chain.vectorize()).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    })

    const searches = () => chain.engine.searches ?? expect.fail('no searches')
    const doneBy = (id: string) => vi.waitFor(async () => {
      const found = await searches().get(chain.project, id)
      expect(found?.state).toBe('DONE')
      return found
    }, { timeout: 20_000 })

    it('a search runs as a task, and gives its owner document ids for each query', async () => {
      await chain.vectorize()
      cluster.datashare.settings = { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'GROUP' }

      const id = await searches().start(chain.project, { queries: [prose(2, 300), prose(1, 300)], size: 1 })

      expect(await doneBy(id)).toEqual({ state: 'DONE', documentIds: [['d2'], ['d1']] })
      expect(cluster.datashare.tasks.some(({ body }) => body.id === id && body.name === 'find_most_similar')).toBe(true)
      expect(typeof await client.workflow.getHandle(id).result()).toBe('string')
      expect(await searches().get(chain.other, id)).toBeNull()
      expect(await searches().get(aCaller('eve', chain.project.name).grant(chain.project.name), id)).toBeNull()
    })

    it('a search that no companion has allowed, or with another query, project or user, or a second time, gives no id', async () => {
      await chain.vectorize()
      const args = { project: chain.project.name, defaultProject: chain.project.name, queries: '["harbour"]', size: 5, user: { id: 'ada' } }
      const refused = async (id: string, other: object = {}): Promise<void> => {
        expect(await failureOf(await byHand(id, { ...args, ...other }, TASK_NAMES.findMostSimilar))).toMatchObject({ type: UNKNOWN_TASK })
      }
      const allow = async (id: string): Promise<void> => {
        const { user, ...rest } = args
        await records.searches.create(id, { sequence: 1, id, project: chain.project.name, created_by: user.id, args_hash: hashOfArgs(rest), run: null })
      }

      await refused('search-invented')
      for (const [index, other] of [{ queries: '["quay"]' }, { project: chain.other.name }, { user: { id: 'eve' } }, { size: 6 }].entries()) {
        await allow(`search-${chain.project.name}-${index}`)
        await refused(`search-${chain.project.name}-${index}`, other)
      }
      const id = await searches().start(chain.project, { queries: ['harbour'], size: 5 })
      await doneBy(id)
      await refused(id)
    })

    it('a search whose result was lost is done again, for the run that it was given to', async () => {
      await chain.vectorize()
      let tries = 0
      const queries = embedders.get.bind(embedders)
      const spy = vi.spyOn(embedders, 'get').mockImplementation(async (id) => {
        if (++tries === 1) throw ApplicationFailure.retryable('The worker is gone.', 'gone')
        return queries(id)
      })
      onTestFinished(() => spy.mockRestore())

      const id = await searches().start(chain.project, { queries: [prose(1, 300)], size: 1 })

      expect(await doneBy(id)).toEqual({ state: 'DONE', documentIds: [['d1']] })
      expect(tries).toBeGreaterThan(1)
    })

    it('what Temporal keeps of a chain holds no text', async () => {
      const { id } = await chain.vectorize()
      const history = JSON.stringify(await client.workflow.getHandle(id).fetchHistory())
      const words = prose(1, 300).split(/\W+/).filter(word => word.length > 7)

      expect(words.length).toBeGreaterThan(3)
      for (const word of words) expect(history).not.toContain(Buffer.from(word).toString('base64').slice(0, -2))
      expect(Buffer.from(history).toString()).not.toContain(words[0])
    })
  })
})
