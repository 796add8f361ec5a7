import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { projectName } from '../../datashare/access.ts'
import { openDatabase } from './database.ts'
import { createGenerations } from './generations.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-database-'))
  return () => rm(folder, { recursive: true, force: true })
})

it('the ledger can be read by its owner only, and survives a reopening', async () => {
  const first = await openDatabase(folder)
  first.exec('INSERT INTO rates VALUES (\'model\', 12.5)')
  first.close()
  const second = await openDatabase(folder)

  expect((await stat(join(folder, 'ledger.db'))).mode & 0o777).toBe(0o600)
  expect(second.prepare('SELECT * FROM rates').get()).toEqual({ model_id: 'model', characters_per_second: 12.5 })
  expect(second.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  expect(second.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  second.close()
})

it('a ledger of the first version is brought up, and keeps its rows', async () => {
  const older = await openDatabase(folder)
  older.exec(`INSERT INTO generations (id, project, model_id, model_revision, dimensions, passage_rules, state, created_at, updated_at)
    VALUES ('g1', 'vault', 'model', '1', 2, 'rules', 'current', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z');
    DROP INDEX counts_of_parent; ALTER TABLE generations DROP COLUMN evaluation; PRAGMA user_version = 1`)
  older.close()
  const database = await openDatabase(folder)

  expect(await createGenerations(database).all(projectName('vault'))).toMatchObject([{ id: 'g1', state: 'current', evaluation: null }])
  database.close()
})
