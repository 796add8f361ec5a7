import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { openDatabase } from './database.ts'

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
