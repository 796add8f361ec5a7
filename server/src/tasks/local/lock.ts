import { existsSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SimilarityError } from '@datashare-similarity/shared'
import { guarded, isBusy } from './database.ts'

export interface DataFolderLock {
  close(): Promise<void>
}

const LOCK = 'lock.db'
/** What a process may claim the folder for, and its lock. A backup may be made while a companion works. */
const CLAIMS = {
  work: { file: LOCK, busy: 'is working on' },
  backup: { file: 'backup.db', busy: 'is backing up' },
} as const
/** Others hold it for a moment while they write who they are. */
const MOMENT_MS = 200

/**
 * Claims the data folder for this process. The claim is an open write transaction of SQLite, so a lock of the operating system:
 * it goes with the process that holds it, however that ends, and never before, whatever the clock says, and it holds between
 * containers that share the folder. The committed row only tells others who it is.
 * @throws SimilarityError data_folder_busy, with the other process' id | disk_full | store_unreadable
 */
export async function openDataFolderLock(dataDir: string, use: keyof typeof CLAIMS = 'work'): Promise<DataFolderLock> {
  let database: DatabaseSync | undefined
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const path = join(dataDir, CLAIMS[use].file)
    database = new DatabaseSync(path, { timeout: MOMENT_MS })
    await chmod(path, 0o600)
    claim(database)
    return lockOf(database)
  } catch (error) {
    const refusal = database !== undefined && isBusy(error) ? busy(database, CLAIMS[use].busy) : unusable(error)
    database?.close()
    throw refusal
  }
}

const lockOf = (database: DatabaseSync): DataFolderLock => ({
  close: () => new Promise((resolve) => {
    database.close()
    resolve()
  }),
})

function claim(database: DatabaseSync): void {
  guarded(() => {
    database.exec('BEGIN IMMEDIATE')
    database.exec(`CREATE TABLE IF NOT EXISTS owner (pid INTEGER NOT NULL); DELETE FROM owner; INSERT INTO owner VALUES (${process.pid}); COMMIT`)
    // Somebody else may come between: then it is theirs.
    database.exec('BEGIN IMMEDIATE')
  })
}

function busy(database: DatabaseSync, does: string): SimilarityError {
  const pid = ownerOf(database)
  return new SimilarityError('data_folder_busy', { detail: pid === undefined ? 'Another process is claiming the data folder.' : `Process ${pid} ${does} the data folder.` })
}

function ownerOf(database: DatabaseSync): number | undefined {
  try {
    return Number(database.prepare('SELECT pid FROM owner').get()?.['pid'])
  } catch {
    return undefined
  }
}

/**
 * Which process works on the data folder, without claiming it; null where none does. A pid of null: somebody is just claiming it.
 * @throws SimilarityError store_unreadable
 */
export function dataFolderOwner(dataDir: string): { pid: number | null } | null {
  const path = join(dataDir, LOCK)
  if (!existsSync(path)) return null
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('BEGIN IMMEDIATE; ROLLBACK')
    return null
  } catch (error) {
    if (database !== undefined && isBusy(error)) return { pid: ownerOf(database) ?? null }
    throw unusable(error)
  } finally {
    database?.close()
  }
}

const unusable = (error: unknown): SimilarityError =>
  error instanceof SimilarityError ? error : new SimilarityError('store_unreadable', { detail: `The lock of the data folder, ${LOCK}, cannot be used.`, cause: error })
