import { existsSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { SimilarityError } from '@datashare-similarity/shared'

/**
 * What each version of the ledger adds to the one before: an older ledger is brought up step by step, a new one takes all.
 * Its version stands for the whole data folder: another layout of the vectors is a step too, an empty one, so that an older companion refuses it.
 */
const MIGRATIONS = [`
  CREATE TABLE tasks (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    project TEXT NOT NULL,
    parent TEXT REFERENCES tasks(id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    phase TEXT,
    mode TEXT NOT NULL,
    args TEXT NOT NULL,
    generation TEXT,
    planned INTEGER NOT NULL DEFAULT 0,
    documents INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    empty INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    passages INTEGER NOT NULL DEFAULT 0,
    weight INTEGER NOT NULL DEFAULT 0,
    weight_done INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error_detail TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    completed_at TEXT,
    resumes TEXT
  ) STRICT;
  CREATE INDEX tasks_of_parent ON tasks(parent, sequence);
  CREATE INDEX tasks_of_project ON tasks(project, sequence);
  CREATE UNIQUE INDEX one_chain_per_project ON tasks(project) WHERE parent IS NULL AND state IN ('CREATED', 'QUEUED', 'RUNNING');
  CREATE TABLE failures (
    task TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE,
    document_id TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (task, document_id)
  ) STRICT;
  CREATE TABLE generations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    model_id TEXT NOT NULL,
    model_revision TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    passage_rules TEXT NOT NULL,
    state TEXT NOT NULL,
    calibration TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX one_current_per_project ON generations(project) WHERE state = 'current';
  CREATE UNIQUE INDEX one_building_per_project ON generations(project) WHERE state = 'building';
  CREATE TABLE rates (
    model_id TEXT PRIMARY KEY,
    characters_per_second REAL NOT NULL
  ) STRICT;
`, `
  ALTER TABLE generations ADD COLUMN evaluation TEXT;
`, `
  -- The counts of a chain without the arguments of its batches: of a hundred thousand batches those are a gigabyte, at each look.
  CREATE INDEX counts_of_parent ON tasks(parent, state, documents, done, empty, failed, passages, weight, weight_done);
`]
const SCHEMA_VERSION = MIGRATIONS.length

/** In the data folder. */
export const LEDGER = 'ledger.db'
const DAMAGED = `The task ledger, ${LEDGER} in the data folder, is damaged or cannot be read: restore a backup, or move the folder away and vectorize again.`

/**
 * Opens ledger.db in the data folder, made where missing, readable by its owner only.
 * @throws SimilarityError store_unreadable: not a database, no rights | data_folder_newer: written by a newer companion
 */
export async function openDatabase(dataDir: string): Promise<DatabaseSync> {
  const path = join(dataDir, LEDGER)
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    // The timeout stands before WAL is asked for: two processes that open at once would fail with "database is locked".
    const database = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: true })
    try {
      await chmod(path, 0o600)
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      migrate(database)
    } catch (error) {
      database.close()
      throw error
    }
    return database
  } catch (error) {
    if (error instanceof SimilarityError) throw error
    throw new SimilarityError('store_unreadable', { detail: `The task ledger, ${LEDGER} in the data folder, cannot be opened.`, cause: error })
  }
}

function migrate(database: DatabaseSync): void {
  const version = knownVersion(database)
  if (version === SCHEMA_VERSION) return
  inTransaction(database, () => database.exec(`${MIGRATIONS.slice(version).join('')}; PRAGMA user_version = ${SCHEMA_VERSION}`))
}

/** @throws SimilarityError data_folder_newer */
function knownVersion(database: DatabaseSync): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version <= SCHEMA_VERSION) return version
  throw new SimilarityError('data_folder_newer', { detail: `The task ledger in the data folder has version ${version}; this companion knows versions up to ${SCHEMA_VERSION}.` })
}

/**
 * Looks at the ledger of a folder without changing it: its version, and the one that this companion brings it to; null where there is none.
 * @throws SimilarityError data_folder_newer | store_unreadable: damaged, not a database, or no rights
 */
export function inspectLedger(dataDir: string): { version: number, upTo: number } | null {
  const path = join(dataDir, LEDGER)
  if (!existsSync(path)) return null
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
    const version = knownVersion(database)
    const [found] = database.prepare('PRAGMA quick_check(1)').all()
    if (found?.['quick_check'] !== 'ok') throw new SimilarityError('store_unreadable', { detail: DAMAGED })
    return { version, upTo: SCHEMA_VERSION }
  } catch (error) {
    throw error instanceof SimilarityError ? error : new SimilarityError('store_unreadable', { cause: error, detail: DAMAGED })
  } finally {
    database?.close()
  }
}

/** The ledger as it stands, in another folder; others may go on writing to it. @throws SimilarityError store_unreadable | disk_full */
export async function copyLedger(dataDir: string, target: string): Promise<void> {
  const database = new DatabaseSync(join(dataDir, LEDGER), { readOnly: true, timeout: 5_000 })
  try {
    // In one step: a writer between two would make it begin anew, again and again.
    await backup(database, join(target, LEDGER), { rate: 0x7fffffff })
    await chmod(join(target, LEDGER), 0o600)
  } catch (error) {
    throw guardedError(error)
  } finally {
    database.close()
  }
}

/** All or nothing. Errors: SimilarityError disk_full | store_unreadable. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  return guarded(() => {
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      database.exec('COMMIT')
      return result
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  })
}

const BUSY = 5
const READ_ONLY = 8
const INPUT_OUTPUT = 10
const FULL = 13

/** Names what is wrong with the disk; other faults pass as they are. */
export function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw guardedError(error)
  }
}

function guardedError(error: unknown): unknown {
  const kind = kindOf(error)
  if (kind === FULL) return new SimilarityError('disk_full', { cause: error })
  if (kind === READ_ONLY || kind === INPUT_OUTPUT) return new SimilarityError('store_unreadable', { cause: error })
  return error
}

/** Another connection is writing. */
export const isBusy = (error: unknown): boolean => kindOf(error) === BUSY

/** The low byte is the kind of the fault, the rest its variety. */
const kindOf = (error: unknown): number | undefined => (error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined)
