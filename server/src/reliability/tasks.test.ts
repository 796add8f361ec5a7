import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, expect, it } from 'vitest'
import { openLocalChain, type LocalChain } from '../testing/local-chain.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'

const TASKS = 10_000
const PAGE = 100

let chain: LocalChain
beforeEach(async () => {
  chain = await openLocalChain(createStandInEmbedders())
  return () => chain[Symbol.asyncDispose]()
})

/** As so many vectorizations would have left them. */
function addTasks(parent: string | null): void {
  const ledger = new DatabaseSync(join(chain.dataDir, 'ledger.db'))
  const name = parent === null ? 'create_vectorization_tasks' : 'vectorize_docs'
  ledger.exec('BEGIN')
  const insert = ledger.prepare(`INSERT INTO tasks (id, name, project, parent, state, mode, args, documents, done, weight, weight_done, created_by, created_at)
    VALUES (?, '${name}', ?, ?, 'DONE', 'update', '{"documents":[]}', 2, 2, 10, 10, 'ada', ?)`)
  for (let number = 0; number < TASKS; number++) insert.run(`${name}-${number}`, chain.project.name, parent, new Date(number * 1_000).toISOString())
  ledger.exec('COMMIT')
  ledger.close()
}

async function idsOf(parent?: string): Promise<string[]> {
  const ids: string[] = []
  for (let from = 0; ; from += PAGE) {
    const { tasks, total } = await chain.engine.list([chain.project], { from, size: PAGE }, parent)
    expect(total).toBe(TASKS)
    if (tasks.length === 0) return ids
    expect(tasks.length).toBe(PAGE)
    ids.push(...tasks.map(({ id }) => id))
  }
}

it('R18: ten thousand vectorizations are listed in pages, newest first, each once', async () => {
  addTasks(null)

  expect(await idsOf()).toEqual(Array.from({ length: TASKS }, (_, index) => `create_vectorization_tasks-${TASKS - 1 - index}`))
}, 120_000)

it('R18: of a vectorization of ten thousand batches the first hundred are shown with it, and all are listed in pages, in their order', async () => {
  const { id } = await chain.vectorize()
  addTasks(id)

  const task = await chain.task(id)
  expect(task).toMatchObject({ counts: { documents: 2 * TASKS, done: 2 * TASKS }, childCounts: { total: TASKS, done: TASKS, error: 0 } })
  expect(task.children.length).toBe(PAGE)
  expect(await idsOf(id)).toEqual(Array.from({ length: TASKS }, (_, index) => `vectorize_docs-${index}`))
}, 120_000)
