import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { codeOf, hold, holdAfter, log } from '../../testing/chain.ts'
import { eachChain } from '../../testing/each-chain.ts'
import { describeRules } from '../../testing/rules-conformance.ts'
import { describeVectorizing } from '../../testing/vectorizing-conformance.ts'
import { openLocalChain } from '../../testing/local-chain.ts'
import { openLocalEngine } from './engine.ts'

describe('does what every engine does', () => {
  describe('vectorizes', () => describeVectorizing(openLocalChain))
  describe('keeps the rules', () => describeRules(openLocalChain))
})

describe('keeps its ledger in the data folder', () => {
  const given = eachChain(openLocalChain)
  const { fill } = given

  it('as many documents of one chain are embedded at once as the engine has batches at once', async () => {
    await using wide = await openLocalChain(given.embedders, { source: given.chain.source, batchesAtOnce: 4 })
    fill(6)
    let documents = 0
    const fourth = Promise.withResolvers<undefined>()
    given.embedders.gate = async () => {
      if (++documents === 4) fourth.resolve(undefined)
      await fourth.promise
    }

    const task = await wide.vectorize({ batchSize: 1 })

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 6, done: 6 } })
  })

  it('a chain goes on as the same task after the companion was stopped', async () => {
    fill(6)
    const third = holdAfter(given.embedders, 2)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update', batchSize: 1 })
    await third
    await vi.waitFor(async () => expect((await given.chain.task(id)).counts.done).toBe(2))

    given.embedders.gate = () => undefined
    await given.chain.reopen()
    await given.chain.engine.idle()

    expect(await given.chain.task(id)).toMatchObject({ state: 'DONE', counts: { documents: 6, done: 6 }, childCounts: { total: 6, done: 6 } })
    expect((await given.chain.rows()).size).toBe(6)
    expect(given.embedders.embedded).toBe(6)
  })

  it('an update builds a new generation where the model has another revision than before', async () => {
    fill(2)
    await given.chain.vectorize()
    const old = await given.chain.current()
    const ledger = new DatabaseSync(join(given.chain.dataDir, 'ledger.db'))
    ledger.exec('UPDATE generations SET model_revision = \'older\'')
    ledger.close()

    const task = await given.chain.vectorize()

    expect(task.counts.done).toBe(2)
    expect((await given.chain.current()).id).not.toBe(old.id)
  })

  it('a ledger opened anew on another folder knows nothing of this one', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'similarity-ledger-'))
    onTestFinished(() => rm(dataDir, { recursive: true }))
    const { engine } = await openLocalEngine({ dataDir, source: given.chain.source, store: given.chain.store, embedders: given.embedders, log })

    expect((await engine.list([given.chain.project], { from: 0, size: 10 })).total).toBe(0)
    await engine.close()
  })

  it('a wipe leaves no generation of the project and no table, and none of another project is touched', async () => {
    fill(2)
    const quay = given.chain.other
    given.chain.source.put(quay.name, { id: 'q1', content: 'The pilot boat.' })
    await given.chain.engine.start(quay, { mode: 'update' })
    await given.chain.vectorize()
    const tables = async (): Promise<number> => (await readdir(join(given.chain.dataDir, 'vectors'))).filter(name => name.endsWith('.lance')).length
    const before = await tables()

    await given.chain.engine.wipe(given.chain.project)

    expect(await given.chain.generations.all(given.chain.project.name)).toEqual([])
    expect(await tables()).toBe(before / 2)
    expect((await given.chain.rows((await given.chain.generations.current(quay.name))!)).size).toBe(1)
    expect((await given.chain.vectorize()).counts.done).toBe(2)
  })

  it('a chain whose end cannot be written is cancelled by hand, and the project takes another', async () => {
    fill(2)
    const ledger = new DatabaseSync(join(given.chain.dataDir, 'ledger.db'))
    ledger.exec('CREATE TRIGGER stuck BEFORE UPDATE OF state ON tasks WHEN NEW.parent IS NULL AND NEW.completed_at IS NOT NULL BEGIN SELECT RAISE(ABORT, \'stuck\'); END')
    const stuck = await given.chain.vectorize()
    const refused = await codeOf(given.chain.engine.start(given.chain.project, { mode: 'update' }))
    ledger.exec('DROP TRIGGER stuck')
    ledger.close()

    const task = await given.chain.engine.cancel(given.chain.caller, stuck.id)

    expect([stuck.state, refused, task.state]).toEqual(['RUNNING', 'chain_running', 'CANCELLED'])
    expect((await given.chain.vectorize()).state).toBe('DONE')
  })

  it('R10: a chain that was being cancelled when the companion stopped is cancelled at the next start, and a second cancel changes nothing', async () => {
    fill(2)
    const { reached } = hold(given.embedders)
    const { id } = await given.chain.engine.start(given.chain.project, { mode: 'update' })
    await reached
    await Promise.all([given.chain.engine.cancel(given.chain.caller, id), given.chain.engine.cancel(given.chain.caller, id), given.chain.reopen()])

    expect(await given.chain.task(id)).toMatchObject({ state: 'CANCELLED', phase: null, childCounts: { total: 1, done: 0 } })
    expect(await codeOf(given.chain.engine.cancel(given.chain.caller, id))).toBe('task_finished')
  })
})
