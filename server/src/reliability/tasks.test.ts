import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TASK_NAMES } from '@datashare-similarity/shared'
import { openClient } from '../datashare/elasticsearch-client.ts'
import { openRecords } from '../store/elasticsearch/records.ts'
import { TASK_PROPERTIES, TaskRecordSchema } from '../tasks/temporal/ledger.ts'
import type { TestChain } from '../testing/chain.ts'
import { startChains, type Chains } from '../testing/chains.ts'
import { describeEngines } from '../testing/engines.ts'
import type { LocalChain } from '../testing/local-chain.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'

const TASKS = 10_000
const PAGE = 100

/** As so many vectorizations would have left them, or a vectorization with so many batches. */
type AddTasks = (chain: TestChain, parent: string | null) => Promise<void>

const nameOf = (parent: string | null): string => (parent === null ? TASK_NAMES.createVectorizationTasks : TASK_NAMES.vectorizeDocs)
const NUMBERS = Array.from({ length: TASKS }, (_, number) => number)

function addRows(chain: TestChain, parent: string | null): Promise<void> {
  const ledger = new DatabaseSync(join((chain as LocalChain).dataDir, 'ledger.db'))
  const name = nameOf(parent)
  ledger.exec('BEGIN')
  const insert = ledger.prepare(`INSERT INTO tasks (id, name, project, parent, state, mode, args, documents, done, weight, weight_done, created_by, created_at)
    VALUES (?, '${name}', ?, ?, 'DONE', 'update', '{"documents":[]}', 2, 2, 10, 10, 'ada', ?)`)
  for (const number of NUMBERS) insert.run(`${name}-${number}`, chain.project.name, parent, new Date(number * 1_000).toISOString())
  ledger.exec('COMMIT')
  ledger.close()
  return Promise.resolve()
}

async function addRecords(elasticsearch: { readonly url: string }, chain: TestChain, parent: string | null): Promise<void> {
  await using opened = new AsyncDisposableStack()
  const client = await openClient(elasticsearch)
  opened.defer(() => client.close())
  const records = await openRecords({ client, name: 'tasks', layout: 1, properties: TASK_PROPERTIES, schema: TaskRecordSchema, signal: new AbortController().signal })
  const name = nameOf(parent)
  await records.put(NUMBERS.map(number => [`${name}-${number}`, TaskRecordSchema.parse({
    id: `${name}-${number}`, name, project: chain.project.name, parent, sequence: number, state: 'DONE', phase: null, mode: 'update', generation: null, planned: 1,
    documents: 2, done: 2, empty: 0, failed: 0, passages: 0, weight: 10, weight_done: 10, error_code: null, error_detail: null,
    created_by: 'ada', created_at: new Date(number * 1_000).toISOString(), started_at: null, completed_at: null, resumes: null,
    chain: null, batch: null, args_hash: '', model: null, cancelling: false, scanned: 0, waiting_for: null, embedding_since: null, characters_per_second: null, failures: [],
  })]))
  await records.refresh()
}

describeEngines('ten thousand tasks', (engine, form) => {
  let chains: Chains
  let addTasks: AddTasks
  beforeAll(async () => {
    chains = await startChains(engine)
    const { elasticsearch } = chains
    addTasks = elasticsearch === null ? addRows : (chain, parent) => addRecords(elasticsearch, chain, parent)
  }, 1_200_000)
  afterAll(() => chains[Symbol.asyncDispose]())

  async function idsOf(chain: TestChain, parent?: string): Promise<string[]> {
    const ids: string[] = []
    for (let from = 0; ; from += PAGE) {
      const { tasks, total } = await chain.engine.list([chain.project], { from, size: PAGE }, parent)
      expect(total).toBe(TASKS)
      if (tasks.length === 0) return ids
      expect(tasks.length).toBe(PAGE)
      ids.push(...tasks.map(({ id }) => id))
    }
  }

  it(`R18${form}: ten thousand vectorizations are listed in pages, newest first, each once`, async () => {
    await using chain = await chains.open(createStandInEmbedders())
    await addTasks(chain, null)

    expect(await idsOf(chain)).toEqual(NUMBERS.toReversed().map(number => `create_vectorization_tasks-${number}`))
  }, 600_000)

  it(`R18${form}: of a vectorization of ten thousand batches the first hundred are shown with it, and all are listed in pages, in their order`, async () => {
    await using chain = await chains.open(createStandInEmbedders())
    const { id } = await chain.vectorize()
    await addTasks(chain, id)

    const task = await chain.task(id)
    expect(task).toMatchObject({ counts: { documents: 2 * TASKS, done: 2 * TASKS }, childCounts: { total: TASKS, done: TASKS, error: 0 } })
    expect(task.children.length).toBe(PAGE)
    expect(await idsOf(chain, id)).toEqual(NUMBERS.map(number => `vectorize_docs-${number}`))
  }, 300_000)
})
