import { expect, it, onTestFinished, vi } from 'vitest'
import type { Task } from '@datashare-similarity/shared'
import { PASSAGE_RULES } from '../passages/passage.ts'
import { aCaller } from './callers.ts'
import { codeOf, hold, holdAfter, type TestChain, type WatchedEmbedders } from './chain.ts'
import { eachChain, there } from './each-chain.ts'
import { prose } from './memory-documents.ts'

/** What may be begun, stopped, resumed and forgotten, and by whom, whichever engine runs it. On projects of its own for each case. */
export function describeRules(open: (embedders: WatchedEmbedders) => Promise<TestChain>): void {
  const given = eachChain(open)
  const { fill } = given
  /** Starts a chain, and cancels it before anything is embedded. */
  const cancelled = async (begin: () => Promise<Task>): Promise<string> => {
    const { reached } = hold(given.embedders)
    const { id } = await begin()
    await reached
    await given.chain.engine.cancel(given.chain.caller, id)
    await given.chain.engine.idle()
    given.embedders.gate = () => undefined
    expect((await given.chain.task(id)).state).toBe('CANCELLED')
    return id
  }
  const start = (mode: 'update' | 'rebuild') => () => given.chain.engine.start(given.chain.project, { mode })
  const resume = (id: string) => () => given.chain.engine.resume(given.chain.caller, id)

  it('one chain at a time runs on a project, and another project has its own', async () => {
    fill(2)
    const quay = given.chain.other
    given.chain.source.put(quay.name, { id: 'd1', content: 'A different text of the same id.' })
    const { reached, letGo } = hold(given.embedders)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update' })
    await reached

    const refused = await given.chain.engine.start(given.chain.project, { mode: 'update' }).catch((error: unknown) => error)
    const wiped = await codeOf(given.chain.engine.wipe(given.chain.project))
    const other = await given.chain.engine.start(quay, { mode: 'update' })
    letGo()
    await given.chain.engine.idle()

    expect(refused).toMatchObject({ code: 'chain_running', taskId: id })
    expect(wiped).toBe('chain_running')
    expect((await given.chain.task(other.id)).counts.documents).toBe(1)
    const generation = await given.chain.generations.current(quay.name)
    expect((await given.chain.store.passagesOf(quay, there(generation), 'd1')).map(({ text }) => text)).toEqual(['A different text of the same id.'])
    expect((await given.chain.rows()).size).toBe(2)
  })

  it('a task is unknown to whoever may not read its project', async () => {
    fill(1)
    const { id } = await given.chain.vectorize()
    const stranger = aCaller('eve', given.chain.other.name)

    expect(await given.chain.engine.get(stranger, id)).toBeNull()
    expect(await codeOf(given.chain.engine.cancel(stranger, id))).toBe('task_unknown')
    expect(await codeOf(given.chain.engine.forget(stranger, id))).toBe('task_unknown')
    expect((await given.chain.engine.list(stranger.projects.map(name => stranger.grant(name)), { from: 0, size: 10 })).total).toBe(0)
    expect((await given.chain.engine.list([given.chain.project], { from: 0, size: 10 })).total).toBe(1)
  })

  it('what a finished task refuses, and how it is forgotten', async () => {
    fill(1)
    const { id } = await given.chain.vectorize()

    expect(await codeOf(given.chain.engine.cancel(given.chain.caller, id))).toBe('task_finished')
    expect(await codeOf(given.chain.engine.resume(given.chain.caller, id))).toBe('task_finished')
    await given.chain.engine.forget(given.chain.caller, id)
    expect(await given.chain.engine.get(given.chain.caller, id)).toBeNull()
  })

  it('a cancelled rebuild that another task has brought to its end is not resumed again', async () => {
    fill(2)
    await given.chain.vectorize()
    const first = await cancelled(start('rebuild'))
    const second = await cancelled(resume(first))
    const { id } = await given.chain.engine.resume(given.chain.caller, second)
    expect(await codeOf(given.chain.engine.resume(given.chain.caller, first))).toBe('chain_running')
    await given.chain.engine.idle()

    expect(await given.chain.task(id)).toMatchObject({ state: 'DONE', counts: { done: 2 } })
    for (const task of [first, second, id]) expect(await codeOf(given.chain.engine.resume(given.chain.caller, task))).toBe('task_finished')
  })

  it('a cancelled rebuild whose unfinished vectors a later rebuild has replaced is not resumed', async () => {
    fill(2)
    await given.chain.vectorize()
    const first = await cancelled(start('rebuild'))
    const second = await cancelled(start('rebuild'))

    expect(await codeOf(given.chain.engine.resume(given.chain.caller, first))).toBe('task_finished')
    expect(await codeOf(given.chain.engine.resume(given.chain.caller, second))).toBe('no error')
  })

  it('a cancelled update is resumed though another one has been done since', async () => {
    fill(2)
    const first = await cancelled(start('update'))
    await given.chain.vectorize()
    given.chain.source.put(given.chain.project.name, { id: 'd3', content: prose(3, 300) })

    const { id } = await given.chain.engine.resume(given.chain.caller, first)
    await given.chain.engine.idle()

    expect(await given.chain.task(id)).toMatchObject({ state: 'DONE', counts: { documents: 1, done: 1 } })
  })

  it('a batch is not cancelled, resumed or forgotten without its chain, which is named', async () => {
    fill(2)
    const { reached, letGo } = hold(given.embedders)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update' })
    await reached
    const { children: [child] } = await given.chain.task(id)
    const refusal = { code: 'task_of_chain', taskId: id, detail: expect.stringContaining(id) as string }
    const refused = async (): Promise<void> => {
      await expect(given.chain.engine.cancel(given.chain.caller, there(child).id)).rejects.toMatchObject(refusal)
      await expect(given.chain.engine.resume(given.chain.caller, there(child).id)).rejects.toMatchObject(refusal)
      await expect(given.chain.engine.forget(given.chain.caller, there(child).id)).rejects.toMatchObject(refusal)
    }

    await refused()
    letGo()
    await given.chain.engine.idle()
    await refused()

    expect(await given.chain.task(id)).toMatchObject({ state: 'DONE', childCounts: { total: 1, done: 1 } })
  })

  it('a wipe leaves no generation of the project, and none of another project is touched', async () => {
    fill(2)
    given.chain.source.put(given.chain.other.name, { id: 'q1', content: 'The pilot boat.' })
    await given.chain.engine.start(given.chain.other, { mode: 'update' })
    await given.chain.vectorize()

    await given.chain.engine.wipe(given.chain.project)

    expect(await given.chain.generations.all(given.chain.project.name)).toEqual([])
    expect((await given.chain.rows(there(await given.chain.generations.current(given.chain.other.name)))).size).toBe(1)
    expect((await given.chain.vectorize()).counts.done).toBe(2)
  })

  it('what was measured of a generation holds no more once a cancelled update has changed it', async () => {
    fill(2)
    await given.chain.vectorize()
    const before = await given.chain.current()
    fill(4)
    const third = holdAfter(given.embedders, 1)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update', batchSize: 1 })
    await third
    await given.chain.engine.cancel(given.chain.caller, id)
    await given.chain.engine.idle()

    expect(await given.chain.task(id)).toMatchObject({ state: 'CANCELLED' })
    const after = await given.chain.current()
    expect(after.id).toBe(before.id)
    expect(Date.parse(after.updatedAt)).toBeGreaterThan(Date.parse(before.updatedAt))
  })

  it('a generation that was taken out of use is not swapped in any more', async () => {
    const { generations, other: { name: project } } = given.chain
    const { model } = await given.embedders.get(given.embedders.defaultModel.id)
    const spec = { project, modelId: model.id, modelRevision: model.revision, dimensions: model.dimensions, passageRules: PASSAGE_RULES }
    const first = await generations.create(spec)
    await generations.makeCurrent(first.id)
    const second = await generations.create(spec)
    await generations.makeCurrent(second.id)

    await generations.makeCurrent(first.id)

    expect((await generations.all(project)).map(({ id, state }) => [id, state])).toEqual([[first.id, 'retired'], [second.id, 'current']])
    for (const { id } of [first, second]) await generations.remove(id)
  })

  it('a vectorization that begins while the vectors before it are being wiped keeps its own', async () => {
    fill(2)
    await given.chain.vectorize()
    const wiped = await given.chain.current()
    const { generations } = given.chain
    const wiping = Promise.withResolvers<undefined>()
    const done = Promise.withResolvers<undefined>()
    const all = generations.all.bind(generations)
    const spy = vi.spyOn(generations, 'all').mockImplementationOnce(async (project) => {
      wiping.resolve(undefined)
      await done.promise
      return all(project)
    })
    onTestFinished(() => spy.mockRestore())

    const wipe = given.chain.engine.wipe(given.chain.project)
    await wiping.promise
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update' })
    await given.chain.engine.idle()
    done.resolve(undefined)
    await wipe

    expect(await given.chain.task(id)).toMatchObject({ state: 'DONE', counts: { documents: 2, done: 2 } })
    const current = await given.chain.current()
    expect(current.id).not.toBe(wiped.id)
    expect(await given.chain.generations.all(given.chain.project.name)).toEqual([current])
    expect((await given.chain.rows()).size).toBe(2)
  })
}
