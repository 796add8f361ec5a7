import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Embedders } from '../../embedding/embedder.ts'
import { openEmbedders } from '../../embedding/embedders.ts'
import { aCaller } from '../../testing/callers.ts'
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
  return () => chain[Symbol.asyncDispose]()
})

const fill = (count: number): void => {
  for (let number = 1; number <= count; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
}

it('one chain at a time runs on a project, and another project has its own', async () => {
  fill(2)
  const quay = chain.caller.grant('quay')
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
  expect((await chain.store.passagesOf(quay, generation!, 'd1')).map(({ text }) => text)).toEqual(['A different text of the same id.'])
  expect((await chain.rows()).size).toBe(2)
})

it('a wipe leaves no generation of the project and no table, and none of another project is touched', async () => {
  fill(2)
  const quay = chain.caller.grant('quay')
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

it('a task is unknown to whoever may not read its project', async () => {
  fill(1)
  const { id } = await chain.vectorize()
  const stranger = aCaller('eve', 'quay')

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
