import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { SimilarityError, type Task } from '@datashare-similarity/shared'
import { TaskSchema } from '@datashare-similarity/shared/contract'
import type { Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { PASSAGE_RULES } from '../passages/passage.ts'
import { aCaller } from './callers.ts'
import { codeOf, hold, log, watch, type TestChain, type WatchedEmbedders } from './chain.ts'
import { prose } from './memory-documents.ts'

function there<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('nothing is there')
  return value
}

/** What every task engine has to do, on projects of its own for each case. */
export function describeEngine(open: (embedders: WatchedEmbedders) => Promise<TestChain>): void {
  let real: Embedders
  let embedders: WatchedEmbedders
  let chain: TestChain

  beforeAll(async () => {
    real = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
  })
  afterAll(() => real.close())
  beforeEach(async () => {
    embedders = watch(real)
    chain = await open(embedders)
    return () => chain[Symbol.asyncDispose]()
  })

  const fill = (count: number, characters = 300): void => {
    for (let number = 1; number <= count; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, characters) })
  }
  const put = (id: string, content: string, extractionDate: string): void => chain.source.put(chain.project.name, { id, content, extractionDate })
  /** Starts a chain, and cancels it before anything is embedded. */
  const cancelled = async (begin: () => Promise<Task>): Promise<string> => {
    const { reached } = hold(embedders)
    const { id } = await begin()
    await reached
    await chain.engine.cancel(chain.caller, id)
    await chain.engine.idle()
    embedders.gate = () => undefined
    expect((await chain.task(id)).state).toBe('CANCELLED')
    return id
  }
  const start = (mode: 'update' | 'rebuild') => () => chain.engine.start(chain.project, { mode })
  const resume = (id: string) => () => chain.engine.resume(chain.caller, id)

  it('four documents in batches of two become two vectorize_docs tasks, and the project is searchable', async () => {
    fill(4)

    const started = await chain.engine.start(chain.project, { mode: 'update', batchSize: 2 })
    await chain.engine.idle()
    const task = await chain.task(started.id)
    const children = await chain.engine.list([chain.project], { from: 0, size: 10 }, task.id)

    expect(started).toMatchObject({ name: 'create_vectorization_tasks', createdBy: 'ada', mode: 'update', parent: null })
    expect(task).toMatchObject({ state: 'DONE', phase: null, progress: 1, error: null, counts: { documents: 4, done: 4, empty: 0, failed: 0, passages: 4 }, childCounts: { total: 2, done: 2, error: 0 } })
    expect(task.children).toEqual(children.tasks.map(({ id, state }) => ({ id, state })))
    expect(children.total).toBe(2)
    for (const child of children.tasks) expect(child).toMatchObject({ name: 'vectorize_docs', parent: task.id, state: 'DONE', counts: { documents: 2, done: 2 } })
    for (const shown of [started, task, ...children.tasks]) expect(TaskSchema.parse(shown)).toEqual(shown)

    const generation = await chain.current()
    expect([...(await chain.rows()).keys()].sort()).toEqual(['d1', 'd2', 'd3', 'd4'])
    const embedder = await real.get(generation.modelId)
    const [query] = await embedder.queries([prose(3, 300)])
    const [[best] = []] = await chain.store.meaning(chain.project, generation, [there(query)], { limit: 1, filter: {} })
    expect(best?.documentId).toBe('d3')
  })

  it('an update of a project that has not changed reads no content and embeds nothing', async () => {
    fill(3)
    await chain.vectorize()
    const before = { reads: chain.source.reads.length, embedded: embedders.embedded, generation: await chain.current() }

    const task = await chain.vectorize()

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 0, done: 0 }, children: [] })
    expect({ reads: chain.source.reads.length, embedded: embedders.embedded, generation: await chain.current() }).toEqual(before)
  })

  it('a new extraction date with the same content is noted without embedding anew', async () => {
    fill(2)
    await chain.vectorize()
    const embedded = embedders.embedded
    put('d1', prose(1, 300), '2026-05-05T00:00:00.000Z')

    const task = await chain.vectorize()

    expect(task.counts).toEqual({ documents: 1, done: 1, empty: 0, failed: 0, passages: 0 })
    expect(embedders.embedded).toBe(embedded)
    expect((await chain.rows()).get('d1')?.extractionDate).toBe('2026-05-05T00:00:00.000Z')
    expect((await chain.vectorize()).counts.documents).toBe(0)
  })

  it('new content replaces the passages of the document', async () => {
    fill(2)
    await chain.vectorize()
    put('d1', 'The lighthouse keeper moved to Oslo.', '2026-05-05T00:00:00.000Z')

    await chain.vectorize()

    const passages = await chain.store.passagesOf(chain.project, await chain.current(), 'd1')
    expect(passages.map(({ text }) => text)).toEqual(['The lighthouse keeper moved to Oslo.'])
  })

  it('a document deleted in Datashare vanishes from the store', async () => {
    fill(3)
    await chain.vectorize()
    chain.source.delete(chain.project.name, 'd2')

    await chain.vectorize()

    expect([...(await chain.rows()).keys()].sort()).toEqual(['d1', 'd3'])
  })

  it('a document deleted between scan and reading is left out', async () => {
    fill(3)
    chain.source.beforeRead = () => chain.source.delete(chain.project.name, 'd3')

    const task = await chain.vectorize()

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    expect((await chain.rows()).has('d3')).toBe(false)
  })

  it('R7: a document without text is counted as empty and not read again', async () => {
    fill(1)
    put('blank', ' \n ', '2026-01-01T00:00:00.000Z')

    const task = await chain.vectorize()
    const reads = chain.source.reads.length
    await chain.vectorize()

    expect(task.counts).toEqual({ documents: 2, done: 1, empty: 1, failed: 0, passages: 1 })
    expect((await chain.rows()).get('blank')).toMatchObject({ status: 'empty', passages: 0 })
    expect(chain.source.reads.length).toBe(reads)
  })

  it('R8: a document that cannot be embedded fails alone, and is tried again only when asked for', async () => {
    fill(3)
    const poison = prose(2, 300)
    embedders.gate = (content) => {
      if (content === poison) throw new SimilarityError('embedder_unavailable')
    }

    const task = await chain.vectorize()
    const update = await chain.vectorize()
    embedders.gate = () => undefined
    const retry = await chain.vectorize({ mode: 'failed' })

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 3, done: 2, failed: 1 }, failures: [{ documentId: 'd2', code: 'document_failed' }] })
    expect(update.counts.documents).toBe(0)
    expect(retry.counts).toMatchObject({ documents: 1, done: 1, failed: 0 })
    expect((await chain.rows()).get('d2')).toMatchObject({ status: 'vectorized', reason: null })
  })

  it('R11: the old generation answers until a rebuild is complete, then it is gone', async () => {
    fill(2)
    await chain.vectorize()
    const old = await chain.current()
    const { reached, letGo } = hold(embedders)

    const { id } = await chain.engine.start(chain.project, { mode: 'rebuild' })
    await reached
    expect(await chain.current()).toEqual(old)
    expect((await chain.rows(old)).size).toBe(2)
    letGo()
    await chain.engine.idle()

    expect((await chain.task(id)).state).toBe('DONE')
    const rebuilt = await chain.current()
    expect(rebuilt.id).not.toBe(old.id)
    expect((await chain.rows(rebuilt)).size).toBe(2)
    await vi.waitFor(async () => expect((await chain.generations.all(chain.project.name)).map(({ id }) => id)).toEqual([rebuilt.id]), { timeout: 10_000 })
  })

  it('an update makes a new generation where the old one was made by older rules', async () => {
    fill(2)
    const { project, generations, store } = chain
    const { model } = await embedders.get(embedders.defaultModel.id)
    const older = await generations.create({ project: project.name, modelId: model.id, modelRevision: model.revision, dimensions: model.dimensions, passageRules: PASSAGE_RULES })
    await store.create(older)
    await generations.makeCurrent(older.id)

    const task = await chain.vectorize()

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    const current = await chain.current()
    expect(current.id).not.toBe(older.id)
    expect((await store.identitiesOf(project, current, ['d1', 'd2'])).map(({ fingerprint }) => fingerprint !== null)).toEqual([true, true])
  })

  it('R10: a cancelled chain stops writing, swaps nothing in, and resumes with what is missing', async () => {
    fill(6)
    const third = Promise.withResolvers<undefined>()
    let documents = 0
    embedders.gate = async (_content, signal) => {
      if (++documents <= 2) return
      third.resolve(undefined)
      await sleep(60_000, undefined, { signal })
    }
    const { id } = await chain.engine.start(chain.project, { mode: 'update', batchSize: 1 })
    await third.promise
    await vi.waitFor(async () => expect((await chain.task(id)).counts.done).toBe(2), { timeout: 10_000 })

    const cancelling = await chain.engine.cancel(chain.caller, id)
    await chain.engine.idle()
    const cancelled = await chain.task(id)
    embedders.gate = () => undefined
    const reads = chain.source.reads.length
    const resumed = await chain.engine.resume(chain.caller, id)
    await chain.engine.idle()
    const done = await chain.task(resumed.id)

    expect(cancelling).toMatchObject({ state: 'RUNNING', phase: 'cancelling' })
    expect(cancelled).toMatchObject({ state: 'CANCELLED', phase: null, counts: { documents: 6, done: 2 } })
    expect(cancelled.children.filter(({ state }) => state === 'CANCELLED').length).toBe(4)
    expect(cancelled.progress).toBeGreaterThan(0.2)
    expect(resumed).toMatchObject({ resumes: id, mode: 'update' })
    expect(done).toMatchObject({ state: 'DONE', counts: { documents: 4, done: 4 } })
    expect(chain.source.reads.length - reads).toBe(4)
    expect((await chain.rows()).size).toBe(6)
  })

  it('a rebuild that was cancelled resumes its own generation', async () => {
    fill(4)
    await chain.vectorize()
    const old = await chain.current()
    const { reached } = hold(embedders)
    const { id } = await chain.engine.start(chain.project, { mode: 'rebuild', batchSize: 1 })
    await reached
    await chain.engine.cancel(chain.caller, id)
    await chain.engine.idle()
    const unfinished = await chain.generations.building(chain.project.name)
    expect(await chain.current()).toEqual(old)
    embedders.gate = () => undefined

    await chain.engine.resume(chain.caller, id)
    await chain.engine.idle()

    expect((await chain.current()).id).toBe(unfinished?.id)
  })

  it('a chain waits while Elasticsearch is away, says so, and goes on by itself', async () => {
    fill(3)
    chain.source.beforeRead = id => void (chain.source.unreachable = id === 'd2' && chain.source.reads.length === 1)
    const { id } = await chain.engine.start(chain.project, { mode: 'update' })

    const waiting = await vi.waitFor(async () => {
      const task = await chain.task(id)
      expect(task.phase).toBe('waiting')
      return task
    }, { timeout: 20_000 })
    chain.source.beforeRead = () => undefined
    chain.source.unreachable = false
    await chain.engine.idle()

    expect(waiting).toMatchObject({ state: 'RUNNING', waitingFor: 'elasticsearch' })
    expect(await chain.task(id)).toMatchObject({ state: 'DONE', waitingFor: null, counts: { documents: 3, done: 3 } })
    expect(chain.source.reads).toEqual(['d1', 'd2', 'd3'])
  })

  it('nothing is started while Elasticsearch does not answer', async () => {
    chain.source.unreachable = true

    expect(await codeOf(chain.engine.start(chain.project, { mode: 'update' }))).toBe('elasticsearch_unreachable')
    expect(await chain.engine.latest(chain.project)).toBeNull()
  })

  it('an error of the whole step ends the chain with its code, and the task resumes', async () => {
    fill(2)
    embedders.gate = () => {
      throw new SimilarityError('model_tampered')
    }
    const task = await chain.vectorize()
    embedders.gate = () => undefined
    const resumed = await chain.engine.resume(chain.caller, task.id)
    await chain.engine.idle()

    expect(task).toMatchObject({ state: 'ERROR', error: { code: 'model_tampered' }, childCounts: { total: 1, done: 0, error: 1 } })
    expect(task.error?.fix).not.toBe('')
    expect((await chain.task(resumed.id)).state).toBe('DONE')
  })

  it('a model that is unknown, not installed, or not the project\'s own is refused', async () => {
    fill(1)
    await chain.vectorize()
    const update = (model: string): Promise<string> => codeOf(chain.engine.start(chain.project, { mode: 'update', model }))

    expect(await update('no-such-model')).toBe('model_unknown')
    embedders.check = () => Promise.reject(new SimilarityError('model_missing'))
    expect(await update('another-model')).toBe('model_missing')
    embedders.check = () => Promise.resolve()
    expect(await update('another-model')).toBe('model_differs')
    expect(await chain.engine.latest(chain.project)).toMatchObject({ state: 'DONE' })
  })

  it('a mode that tries failed documents again does nothing on a project that was never vectorized', async () => {
    fill(1)

    expect(await chain.vectorize({ mode: 'failed' })).toMatchObject({ state: 'DONE', counts: { documents: 0 } })
    expect(await chain.generations.all(chain.project.name)).toEqual([])
  })

  it('one chain at a time runs on a project, and another project has its own', async () => {
    fill(2)
    const quay = chain.other
    chain.source.put(quay.name, { id: 'd1', content: 'A different text of the same id.' })
    const { reached, letGo } = hold(embedders)
    const { id } = await chain.engine.start(chain.project, { mode: 'update' })
    await reached

    const refused = await chain.engine.start(chain.project, { mode: 'update' }).catch((error: unknown) => error)
    const wiped = await codeOf(chain.engine.wipe(chain.project))
    const other = await chain.engine.start(quay, { mode: 'update' })
    letGo()
    await chain.engine.idle()

    expect(refused).toMatchObject({ code: 'chain_running', taskId: id })
    expect(wiped).toBe('chain_running')
    expect((await chain.task(other.id)).counts.documents).toBe(1)
    const generation = await chain.generations.current(quay.name)
    expect((await chain.store.passagesOf(quay, there(generation), 'd1')).map(({ text }) => text)).toEqual(['A different text of the same id.'])
    expect((await chain.rows()).size).toBe(2)
  })

  it('a task is unknown to whoever may not read its project', async () => {
    fill(1)
    const { id } = await chain.vectorize()
    const stranger = aCaller('eve', chain.other.name)

    expect(await chain.engine.get(stranger, id)).toBeNull()
    expect(await codeOf(chain.engine.cancel(stranger, id))).toBe('task_unknown')
    expect(await codeOf(chain.engine.forget(stranger, id))).toBe('task_unknown')
    expect((await chain.engine.list(stranger.projects.map(name => stranger.grant(name)), { from: 0, size: 10 })).total).toBe(0)
    expect((await chain.engine.list([chain.project], { from: 0, size: 10 })).total).toBe(1)
  })

  it('what a finished task refuses, and how it is forgotten', async () => {
    fill(1)
    const { id } = await chain.vectorize()

    expect(await codeOf(chain.engine.cancel(chain.caller, id))).toBe('task_finished')
    expect(await codeOf(chain.engine.resume(chain.caller, id))).toBe('task_finished')
    await chain.engine.forget(chain.caller, id)
    expect(await chain.engine.get(chain.caller, id)).toBeNull()
  })

  it('a cancelled rebuild that another task has brought to its end is not resumed again', async () => {
    fill(2)
    await chain.vectorize()
    const first = await cancelled(start('rebuild'))
    const second = await cancelled(resume(first))
    const { id } = await chain.engine.resume(chain.caller, second)
    expect(await codeOf(chain.engine.resume(chain.caller, first))).toBe('chain_running')
    await chain.engine.idle()

    expect(await chain.task(id)).toMatchObject({ state: 'DONE', counts: { done: 2 } })
    for (const task of [first, second, id]) expect(await codeOf(chain.engine.resume(chain.caller, task))).toBe('task_finished')
  })

  it('a cancelled rebuild whose unfinished vectors a later rebuild has replaced is not resumed', async () => {
    fill(2)
    await chain.vectorize()
    const first = await cancelled(start('rebuild'))
    const second = await cancelled(start('rebuild'))

    expect(await codeOf(chain.engine.resume(chain.caller, first))).toBe('task_finished')
    expect(await codeOf(chain.engine.resume(chain.caller, second))).toBe('no error')
  })

  it('a cancelled update is resumed though another one has been done since', async () => {
    fill(2)
    const first = await cancelled(start('update'))
    await chain.vectorize()
    chain.source.put(chain.project.name, { id: 'd3', content: prose(3, 300) })

    const { id } = await chain.engine.resume(chain.caller, first)
    await chain.engine.idle()

    expect(await chain.task(id)).toMatchObject({ state: 'DONE', counts: { documents: 1, done: 1 } })
  })

  it('a batch is not cancelled, resumed or forgotten without its chain, which is named', async () => {
    fill(2)
    const { reached, letGo } = hold(embedders)
    const { id } = await chain.engine.start(chain.project, { mode: 'update' })
    await reached
    const { children: [child] } = await chain.task(id)
    const refusal = { code: 'task_of_chain', taskId: id, detail: expect.stringContaining(id) as string }
    const refused = async (): Promise<void> => {
      await expect(chain.engine.cancel(chain.caller, there(child).id)).rejects.toMatchObject(refusal)
      await expect(chain.engine.resume(chain.caller, there(child).id)).rejects.toMatchObject(refusal)
      await expect(chain.engine.forget(chain.caller, there(child).id)).rejects.toMatchObject(refusal)
    }

    await refused()
    letGo()
    await chain.engine.idle()
    await refused()

    expect(await chain.task(id)).toMatchObject({ state: 'DONE', childCounts: { total: 1, done: 1 } })
  })

  it('a wipe leaves no generation of the project, and none of another project is touched', async () => {
    fill(2)
    chain.source.put(chain.other.name, { id: 'q1', content: 'The pilot boat.' })
    await chain.engine.start(chain.other, { mode: 'update' })
    await chain.vectorize()

    await chain.engine.wipe(chain.project)

    expect(await chain.generations.all(chain.project.name)).toEqual([])
    expect((await chain.rows(there(await chain.generations.current(chain.other.name)))).size).toBe(1)
    expect((await chain.vectorize()).counts.done).toBe(2)
  })
}
