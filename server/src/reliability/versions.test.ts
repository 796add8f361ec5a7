import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from '@lancedb/lancedb'
import { beforeEach, expect, it } from 'vitest'
import { openLocalChain, type LocalChain } from '../testing/local-chain.ts'
import { prose } from '../testing/memory-documents.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'
import { openDatabase } from '../tasks/local/database.ts'

let dataDir: string
let chain: LocalChain
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'similarity-versions-'))
  chain = await openLocalChain(createStandInEmbedders(), { dataDir })
  for (let number = 1; number <= 5; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
  return () => chain[Symbol.asyncDispose]()
})

const generationId = async (): Promise<string | undefined> => (await chain.generations.current(chain.project.name))?.id

/** Lays its tables out as a version did that knew a column less, or more. */
async function layOut(generation: string, change: 'less' | 'more'): Promise<void> {
  const connection = await connect(join(dataDir, 'vectors'))
  const table = await connection.openTable(`documents-${generation}`)
  if (change === 'less') await table.dropColumns(['vectorizedAt'])
  else await table.addColumns([{ name: 'mood', valueSql: '\'good\'' }])
  connection.close()
}

it.each(['less', 'more'] as const)('R19: vectors of a version whose tables have a column %s are never read: the project is as if never vectorized, and an update makes them anew', async (change) => {
  await chain.vectorize()
  const before = await generationId()
  await layOut(before ?? '', change)

  await chain.reopen()
  const between = await generationId()
  const task = await chain.vectorize()

  expect(before).toBeDefined()
  expect(between).toBeUndefined()
  expect(task).toMatchObject({ state: 'DONE', counts: { documents: 5, done: 5, failed: 0 } })
  expect((await chain.generations.all(chain.project.name)).map(({ id }) => id)).not.toContain(before)
})

it('R19: an unfinished task of such a version goes on with vectors of its own, of all documents', async () => {
  await chain.vectorize()
  chain.source.put(chain.project.name, { id: 'd6', content: prose(6, 300) })
  const { id } = await chain.vectorize()
  const ledger = new DatabaseSync(join(dataDir, 'ledger.db'))
  await layOut(await generationId() ?? '', 'less')
  // As kill -9 leaves it in the middle of an update.
  ledger.prepare('UPDATE tasks SET state = \'RUNNING\', phase = \'embedding\', completed_at = NULL WHERE id = ?').run(id)
  ledger.prepare('UPDATE tasks SET state = \'RUNNING\', done = 0 WHERE parent = ?').run(id)
  ledger.close()

  await chain.reopen()
  await chain.engine.idle()

  expect(await chain.engine.latest(chain.project)).toMatchObject({ id, state: 'DONE', counts: { documents: 6, done: 6 } })
  expect((await chain.rows()).size).toBe(6)
})

it('R19: vectors that were cut by other rules, or made by another revision of the model, answer until an update has made new ones', async () => {
  await chain.vectorize()
  const before = await generationId()
  const ledger = new DatabaseSync(join(dataDir, 'ledger.db'))
  ledger.exec('UPDATE generations SET passage_rules = \'older\'')
  ledger.close()

  await chain.reopen()
  const between = await generationId()
  const task = await chain.vectorize()

  expect(between).toBe(before)
  expect(task.counts.done).toBe(5)
  expect(await generationId()).not.toBe(before)
})

it('R19: a ledger of a newer companion is refused with its version, and left as it is', async () => {
  const folder = join(dataDir, 'newer')
  const ledger = () => new DatabaseSync(join(folder, 'ledger.db'))
  await openDatabase(folder).then(database => database.close())
  const newer = ledger()
  newer.exec('PRAGMA user_version = 7; CREATE TABLE novelties (id TEXT)')
  newer.close()

  await expect(openDatabase(folder)).rejects.toMatchObject({ code: 'data_folder_newer', detail: expect.stringContaining('version 7') as string })
  const after = ledger()
  expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 })
  after.close()
})

it('R19: a file that is no ledger is refused', async () => {
  const folder = await mkdtemp(join(dataDir, 'odd-'))
  writeFileSync(join(folder, 'ledger.db'), 'x'.repeat(5_000))

  await expect(openDatabase(folder)).rejects.toMatchObject({ code: 'store_unreadable' })
  await rm(folder, { recursive: true })
})
