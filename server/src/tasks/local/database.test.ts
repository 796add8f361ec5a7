import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { writeFileSync } from 'node:fs'
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

it('a ledger of a newer companion is refused with its version', async () => {
  const newer = new DatabaseSync(join(folder, 'ledger.db'))
  newer.exec('PRAGMA user_version = 7')
  newer.close()

  await expect(openDatabase(folder)).rejects.toMatchObject({ code: 'store_unreadable', detail: expect.stringContaining('version 7') as string })
})

it('a file that is no ledger is refused', async () => {
  writeFileSync(join(folder, 'ledger.db'), 'x'.repeat(5_000))

  await expect(openDatabase(folder)).rejects.toMatchObject({ code: 'store_unreadable' })
})
