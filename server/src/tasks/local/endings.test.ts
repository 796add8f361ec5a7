import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Embedders } from '../../embedding/embedder.ts'
import { openEmbedders } from '../../embedding/embedders.ts'
import { codeOf, hold, log, openLocalChain, watch, type LocalChain, type WatchedEmbedders } from '../../testing/local-chain.ts'
import { prose } from '../../testing/memory-documents.ts'

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
  for (const number of [1, 2]) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
  return () => chain[Symbol.asyncDispose]()
})

/** Starts a chain, and cancels it before anything is embedded. */
async function cancelled(begin: () => Promise<{ id: string }>): Promise<string> {
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

it('a cancelled rebuild that another task has brought to its end is not resumed again', async () => {
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
  await chain.vectorize()
  const first = await cancelled(start('rebuild'))
  const second = await cancelled(start('rebuild'))

  expect(await codeOf(chain.engine.resume(chain.caller, first))).toBe('task_finished')
  expect(await codeOf(chain.engine.resume(chain.caller, second))).toBe('no error')
})

it('a cancelled update is resumed though another one has been done since', async () => {
  const first = await cancelled(start('update'))
  await chain.vectorize()
  chain.source.put(chain.project.name, { id: 'd3', content: prose(3, 300) })

  const { id } = await chain.engine.resume(chain.caller, first)
  await chain.engine.idle()

  expect(await chain.task(id)).toMatchObject({ state: 'DONE', counts: { documents: 1, done: 1 } })
})

it('a batch is not cancelled, resumed or forgotten without its chain, which is named', async () => {
  const { reached, letGo } = hold(embedders)
  const { id } = await chain.engine.start(chain.project, { mode: 'update' })
  await reached
  const { children: [child] } = await chain.task(id)
  const refusal = { code: 'task_of_chain', taskId: id, detail: expect.stringContaining(id) as string }
  const refused = async (): Promise<void> => {
    await expect(chain.engine.cancel(chain.caller, child!.id)).rejects.toMatchObject(refusal)
    await expect(chain.engine.resume(chain.caller, child!.id)).rejects.toMatchObject(refusal)
    await expect(chain.engine.forget(chain.caller, child!.id)).rejects.toMatchObject(refusal)
  }

  await refused()
  letGo()
  await chain.engine.idle()
  await refused()

  expect(await chain.task(id)).toMatchObject({ state: 'DONE', childCounts: { total: 1, done: 1 } })
})

it('a chain whose end cannot be written is cancelled by hand, and the project takes another', async () => {
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
  const { reached } = hold(embedders)
  const { id } = await chain.engine.start(chain.project, { mode: 'update' })
  await reached
  await Promise.all([chain.engine.cancel(chain.caller, id), chain.engine.cancel(chain.caller, id), chain.reopen()])

  expect(await chain.task(id)).toMatchObject({ state: 'CANCELLED', phase: null, childCounts: { total: 1, done: 0 } })
  expect(await codeOf(chain.engine.cancel(chain.caller, id))).toBe('task_finished')
})
