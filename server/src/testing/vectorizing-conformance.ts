import { expect, it, vi } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import { TaskSchema } from '@datashare-similarity/shared/contract'
import { PASSAGE_RULES } from '../passages/passage.ts'
import { codeOf, hold, holdAfter, type TestChain, type WatchedEmbedders } from './chain.ts'
import { eachChain, there } from './each-chain.ts'
import { prose } from './memory-documents.ts'

/** What a vectorization comes to, whichever engine runs it. On projects of its own for each case. */
export function describeVectorizing(open: (embedders: WatchedEmbedders) => Promise<TestChain>): void {
  const given = eachChain(open)
  const { fill } = given
  const put = (id: string, content: string, extractionDate: string): void => given.chain.source.put(given.chain.project.name, { id, content, extractionDate })
  it('four documents in batches of two become two vectorize_docs tasks, and the project is searchable', async () => {
    fill(4)

    const started = await given.chain.engine.start(given.chain.project, { mode: 'update', batchSize: 2 })
    await given.chain.engine.idle()
    const task = await given.chain.task(started.id)
    const children = await given.chain.engine.list([given.chain.project], { from: 0, size: 10 }, task.id)

    expect(started).toMatchObject({ name: 'create_vectorization_tasks', createdBy: 'ada', mode: 'update', parent: null })
    expect(task).toMatchObject({ state: 'DONE', phase: null, progress: 1, error: null, counts: { documents: 4, done: 4, empty: 0, failed: 0, passages: 4 }, childCounts: { total: 2, done: 2, error: 0 } })
    expect(task.children).toEqual(children.tasks.map(({ id, state }) => ({ id, state })))
    expect(children.total).toBe(2)
    for (const child of children.tasks) expect(child).toMatchObject({ name: 'vectorize_docs', parent: task.id, state: 'DONE', counts: { documents: 2, done: 2 } })
    for (const shown of [started, task, ...children.tasks]) expect(TaskSchema.parse(shown)).toEqual(shown)

    const generation = await given.chain.current()
    expect([...(await given.chain.rows()).keys()].sort()).toEqual(['d1', 'd2', 'd3', 'd4'])
    const embedder = await given.real.get(generation.modelId)
    const [query] = await embedder.queries([prose(3, 300)])
    const [[best] = []] = await given.chain.store.meaning(given.chain.project, generation, [there(query)], { limit: 1, filter: {} })
    expect(best?.documentId).toBe('d3')
  })

  it('an update of a project that has not changed reads no content and embeds nothing', async () => {
    fill(3)
    await given.chain.vectorize()
    const before = { reads: given.chain.source.reads.length, embedded: given.embedders.embedded, generation: await given.chain.current() }

    const task = await given.chain.vectorize()

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 0, done: 0 }, children: [] })
    expect({ reads: given.chain.source.reads.length, embedded: given.embedders.embedded, generation: await given.chain.current() }).toEqual(before)
  })

  it('a new extraction date with the same content is noted without embedding anew', async () => {
    fill(2)
    await given.chain.vectorize()
    const embedded = given.embedders.embedded
    put('d1', prose(1, 300), '2026-05-05T00:00:00.000Z')

    const task = await given.chain.vectorize()

    expect(task.counts).toEqual({ documents: 1, done: 1, empty: 0, failed: 0, passages: 0 })
    expect(given.embedders.embedded).toBe(embedded)
    expect((await given.chain.rows()).get('d1')?.extractionDate).toBe('2026-05-05T00:00:00.000Z')
    expect((await given.chain.vectorize()).counts.documents).toBe(0)
  })

  it('new content replaces the passages of the document', async () => {
    fill(2)
    await given.chain.vectorize()
    put('d1', 'The lighthouse keeper moved to Oslo.', '2026-05-05T00:00:00.000Z')

    await given.chain.vectorize()

    const passages = await given.chain.store.passagesOf(given.chain.project, await given.chain.current(), 'd1')
    expect(passages.map(({ text }) => text)).toEqual(['The lighthouse keeper moved to Oslo.'])
  })

  it('a document deleted in Datashare vanishes from the store', async () => {
    fill(3)
    await given.chain.vectorize()
    given.chain.source.delete(given.chain.project.name, 'd2')

    await given.chain.vectorize()

    expect([...(await given.chain.rows()).keys()].sort()).toEqual(['d1', 'd3'])
  })

  it('a document deleted between scan and reading is left out', async () => {
    fill(3)
    given.chain.source.beforeRead = () => given.chain.source.delete(given.chain.project.name, 'd3')

    const task = await given.chain.vectorize()

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    expect((await given.chain.rows()).has('d3')).toBe(false)
  })

  it('R7: a document without text is counted as empty and not read again', async () => {
    fill(1)
    put('blank', ' \n ', '2026-01-01T00:00:00.000Z')

    const task = await given.chain.vectorize()
    const reads = given.chain.source.reads.length
    await given.chain.vectorize()

    expect(task.counts).toEqual({ documents: 2, done: 1, empty: 1, failed: 0, passages: 1 })
    expect((await given.chain.rows()).get('blank')).toMatchObject({ status: 'empty', passages: 0 })
    expect(given.chain.source.reads.length).toBe(reads)
  })

  it('R8: a document that cannot be embedded fails alone, and is tried again only when asked for', async () => {
    fill(3)
    const poison = prose(2, 300)
    given.embedders.gate = (content) => {
      if (content === poison) throw new SimilarityError('embedder_unavailable')
    }

    const task = await given.chain.vectorize()
    const update = await given.chain.vectorize()
    given.embedders.gate = () => undefined
    const retry = await given.chain.vectorize({ mode: 'failed' })

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 3, done: 2, failed: 1 }, failures: [{ documentId: 'd2', code: 'document_failed' }] })
    expect(update.counts.documents).toBe(0)
    expect(retry.counts).toMatchObject({ documents: 1, done: 1, failed: 0 })
    expect((await given.chain.rows()).get('d2')).toMatchObject({ status: 'vectorized', reason: null })
  })

  it('R11: the old generation answers until a rebuild is complete, then it is gone', async () => {
    fill(2)
    await given.chain.vectorize()
    const old = await given.chain.current()
    const { reached, letGo } = hold(given.embedders)

    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'rebuild' })
    await reached
    expect(await given.chain.current()).toEqual(old)
    expect((await given.chain.rows(old)).size).toBe(2)
    letGo()
    await given.chain.engine.idle()

    expect((await given.chain.task(id)).state).toBe('DONE')
    const rebuilt = await given.chain.current()
    expect(rebuilt.id).not.toBe(old.id)
    expect((await given.chain.rows(rebuilt)).size).toBe(2)
    await vi.waitFor(async () => expect((await given.chain.generations.all(given.chain.project.name)).map(({ id }) => id)).toEqual([rebuilt.id]), { timeout: 10_000 })
  })

  it('an update makes a new generation where the old one was made by older rules', async () => {
    fill(2)
    const { project, generations, store } = given.chain
    const { model } = await given.embedders.get(given.embedders.defaultModel.id)
    const older = await generations.create({ project: project.name, modelId: model.id, modelRevision: model.revision, dimensions: model.dimensions, passageRules: PASSAGE_RULES })
    await store.create(older)
    await generations.makeCurrent(older.id)

    const task = await given.chain.vectorize()

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    const current = await given.chain.current()
    expect(current.id).not.toBe(older.id)
    expect((await store.identitiesOf(project, current, ['d1', 'd2'])).map(({ fingerprint }) => fingerprint !== null)).toEqual([true, true])
  })

  it('R10: a cancelled chain stops writing, swaps nothing in, and resumes with what is missing', async () => {
    fill(6)
    const third = holdAfter(given.embedders, 2)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update', batchSize: 1 })
    await third
    await vi.waitFor(async () => expect((await given.chain.task(id)).counts.done).toBe(2), { timeout: 10_000 })

    const cancelling = await given.chain.engine.cancel(given.chain.caller, id)
    await given.chain.engine.idle()
    const cancelled = await given.chain.task(id)
    given.embedders.gate = () => undefined
    const reads = given.chain.source.reads.length
    const resumed = await given.chain.engine.resume(given.chain.caller, id)
    await given.chain.engine.idle()
    const done = await given.chain.task(resumed.id)

    expect(cancelling).toMatchObject({ state: 'RUNNING', phase: 'cancelling' })
    expect(cancelled).toMatchObject({ state: 'CANCELLED', phase: null, counts: { documents: 6, done: 2 } })
    expect(cancelled.children.filter(({ state }) => state === 'CANCELLED').length).toBe(4)
    expect(cancelled.progress).toBeGreaterThan(0.2)
    expect(resumed).toMatchObject({ resumes: id, mode: 'update' })
    expect(done).toMatchObject({ state: 'DONE', counts: { documents: 4, done: 4 } })
    expect(given.chain.source.reads.length - reads).toBe(4)
    expect((await given.chain.rows()).size).toBe(6)
  })

  it('a rebuild that was cancelled resumes its own generation', async () => {
    fill(4)
    await given.chain.vectorize()
    const old = await given.chain.current()
    const { reached } = hold(given.embedders)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'rebuild', batchSize: 1 })
    await reached
    await given.chain.engine.cancel(given.chain.caller, id)
    await given.chain.engine.idle()
    const unfinished = await given.chain.generations.building(given.chain.project.name)
    expect(await given.chain.current()).toEqual(old)
    given.embedders.gate = () => undefined

    await given.chain.engine.resume(given.chain.caller, id)
    await given.chain.engine.idle()

    expect((await given.chain.current()).id).toBe(unfinished?.id)
  })

  it('a chain waits while Elasticsearch is away, says so, and goes on by itself', async () => {
    fill(3)
    given.chain.source.beforeRead = id => void (given.chain.source.unreachable = id === 'd2' && given.chain.source.reads.length === 1)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update' })

    const waiting = await vi.waitFor(async () => {
      const task = await given.chain.task(id)
      expect(task.phase).toBe('waiting')
      return task
    }, { timeout: 20_000 })
    given.chain.source.beforeRead = () => undefined
    given.chain.source.unreachable = false
    await given.chain.engine.idle()

    expect(waiting).toMatchObject({ state: 'RUNNING', waitingFor: 'elasticsearch' })
    expect(await given.chain.task(id)).toMatchObject({ state: 'DONE', waitingFor: null, counts: { documents: 3, done: 3 } })
    expect(given.chain.source.reads).toEqual(['d1', 'd2', 'd3'])
  })

  it('nothing is started while Elasticsearch does not answer', async () => {
    given.chain.source.unreachable = true

    expect(await codeOf(given.chain.engine.start(given.chain.project, { mode: 'update' }))).toBe('elasticsearch_unreachable')
    expect(await given.chain.engine.latest(given.chain.project)).toBeNull()
  })

  it('an error of the whole step ends the chain with its code, and the task resumes', async () => {
    fill(2)
    given.embedders.gate = () => {
      throw new SimilarityError('model_tampered')
    }
    const task = await given.chain.vectorize()
    given.embedders.gate = () => undefined
    const resumed = await given.chain.engine.resume(given.chain.caller, task.id)
    await given.chain.engine.idle()

    expect(task).toMatchObject({ state: 'ERROR', error: { code: 'model_tampered' }, childCounts: { total: 1, done: 0, error: 1 } })
    expect(task.error?.fix).not.toBe('')
    expect((await given.chain.task(resumed.id)).state).toBe('DONE')
  })

  it('a model that is unknown, not installed, or not the project\'s own is refused', async () => {
    fill(1)
    await given.chain.vectorize()
    const update = (model: string): Promise<string> => codeOf(given.chain.engine.start(given.chain.project, { mode: 'update', model }))

    expect(await update('no-such-model')).toBe('model_unknown')
    given.embedders.check = () => Promise.reject(new SimilarityError('model_missing'))
    expect(await update('another-model')).toBe('model_missing')
    given.embedders.check = () => Promise.resolve()
    expect(await update('another-model')).toBe('model_differs')
    expect(await given.chain.engine.latest(given.chain.project)).toMatchObject({ state: 'DONE' })
  })

  it('a mode that tries failed documents again does nothing on a project that was never vectorized', async () => {
    fill(1)

    expect(await given.chain.vectorize({ mode: 'failed' })).toMatchObject({ state: 'DONE', counts: { documents: 0 } })
    expect(await given.chain.generations.all(given.chain.project.name)).toEqual([])
  })
}
