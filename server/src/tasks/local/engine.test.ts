import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Embedders } from '../../embedding/embedder.ts'
import { openEmbedders } from '../../embedding/embedders.ts'
import { codeOf, hold, log, watch, type WatchedEmbedders } from '../../testing/chain.ts'
import { describeEngine } from '../../testing/engine-conformance.ts'
import { openLocalChain, type LocalChain } from '../../testing/local-chain.ts'
import { prose } from '../../testing/memory-documents.ts'
import { openLocalEngine } from './engine.ts'

describe('does what every engine does', () => describeEngine(openLocalChain))

describe('keeps its ledger in the data folder', () => {
  let real: Embedders
  let embedders: WatchedEmbedders
  let chain: LocalChain

  beforeAll(async () => {
    real = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
  })
  afterAll(() => real.close())
  beforeEach(async () => {
    embedders = watch(real)
    chain = await openLocalChain(embedders)
    return () => chain[Symbol.asyncDispose]()
  })

  const fill = (count: number): void => {
    for (let number = 1; number <= count; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
  }

  it('as many documents of one chain are embedded at once as the engine has batches at once', async () => {
    await using wide = await openLocalChain(embedders, { source: chain.source, batchesAtOnce: 4 })
    fill(6)
    let documents = 0
    const fourth = Promise.withResolvers<undefined>()
    embedders.gate = async () => {
      if (++documents === 4) fourth.resolve(undefined)
      await fourth.promise
    }

    const task = await wide.vectorize({ batchSize: 1 })

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 6, done: 6 } })
  })

  it('a chain goes on as the same task after the companion was stopped', async () => {
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
    await vi.waitFor(async () => expect((await chain.task(id)).counts.done).toBe(2))

    embedders.gate = () => undefined
    await chain.reopen()
    await chain.engine.idle()

    expect(await chain.task(id)).toMatchObject({ state: 'DONE', counts: { documents: 6, done: 6 }, childCounts: { total: 6, done: 6 } })
    expect((await chain.rows()).size).toBe(6)
    expect(embedders.embedded).toBe(6)
  })

  it('an update builds a new generation where the model has another revision than before', async () => {
    fill(2)
    await chain.vectorize()
    const old = await chain.current()
    const ledger = new DatabaseSync(join(chain.dataDir, 'ledger.db'))
    ledger.exec('UPDATE generations SET model_revision = \'older\'')
    ledger.close()

    const task = await chain.vectorize()

    expect(task.counts.done).toBe(2)
    expect((await chain.current()).id).not.toBe(old.id)
  })

  it('a ledger opened anew on another folder knows nothing of this one', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'similarity-ledger-'))
    onTestFinished(() => rm(dataDir, { recursive: true }))
    const { engine } = await openLocalEngine({ dataDir, source: chain.source, store: chain.store, embedders, log })

    expect((await engine.list([chain.project], { from: 0, size: 10 })).total).toBe(0)
    await engine.close()
  })

  it('a wipe leaves no generation of the project and no table, and none of another project is touched', async () => {
    fill(2)
    const quay = chain.other
    chain.source.put(quay.name, { id: 'q1', content: 'The pilot boat.' })
    await chain.engine.start(quay, { mode: 'update' })
    await chain.vectorize()
    const tables = async (): Promise<number> => (await readdir(join(chain.dataDir, 'vectors'))).filter(name => name.endsWith('.lance')).length
    const before = await tables()

    await chain.engine.wipe(chain.project)

    expect(await chain.generations.all(chain.project.name)).toEqual([])
    expect(await tables()).toBe(before / 2)
    expect((await chain.rows((await chain.generations.current(quay.name))!)).size).toBe(1)
    expect((await chain.vectorize()).counts.done).toBe(2)
  })

  it('a chain whose end cannot be written is cancelled by hand, and the project takes another', async () => {
    fill(2)
    const ledger = new DatabaseSync(join(chain.dataDir, 'ledger.db'))
    ledger.exec('CREATE TRIGGER stuck BEFORE UPDATE OF state ON tasks WHEN NEW.parent IS NULL AND NEW.completed_at IS NOT NULL BEGIN SELECT RAISE(ABORT, \'stuck\'); END')
    const stuck = await chain.vectorize()
    const refused = await codeOf(chain.engine.start(chain.project, { mode: 'update' }))
    ledger.exec('DROP TRIGGER stuck')
    ledger.close()

    const task = await chain.engine.cancel(chain.caller, stuck.id)

    expect([stuck.state, refused, task.state]).toEqual(['RUNNING', 'chain_running', 'CANCELLED'])
    expect((await chain.vectorize()).state).toBe('DONE')
  })

  it('R10: a chain that was being cancelled when the companion stopped is cancelled at the next start, and a second cancel changes nothing', async () => {
    fill(2)
    const { reached } = hold(embedders)
    const { id } = await chain.engine.start(chain.project, { mode: 'update' })
    await reached
    await Promise.all([chain.engine.cancel(chain.caller, id), chain.engine.cancel(chain.caller, id), chain.reopen()])

    expect(await chain.task(id)).toMatchObject({ state: 'CANCELLED', phase: null, childCounts: { total: 1, done: 0 } })
    expect(await codeOf(chain.engine.cancel(chain.caller, id))).toBe('task_finished')
  })
})
