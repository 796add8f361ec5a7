import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import { createLogger } from '../log.ts'
import type { Generation } from '../store/generation.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import { linkFolder, snapshotTables } from '../store/lancedb/snapshot.ts'
import { copyLedger, inspectLedger, openDatabase } from '../tasks/local/database.ts'
import { createGenerations } from '../tasks/local/generations.ts'
import { openDataFolderLock } from '../tasks/local/lock.ts'
import { emptyFolder, makeEmptyFolder, readBackup, readManifest, writeBackup, type BackupManifest } from './backup-files.ts'
import { MODELS, STORE, storeOf, VECTORS } from './data-folder.ts'
import { VERSION } from './version.ts'

/** In the data folder, while a backup is made. */
const SNAPSHOT = 'snapshot'
/** A generation may be replaced, and its tables dropped, between the ledger and them. */
const ATTEMPTS = 5
/** Passages of each generation that are read, to see that all is there. */
const SAMPLE = 50

/**
 * Copies a data folder into an empty one, also while a companion works on it: the ledger first, then each generation's tables, so that the copy is
 * what a crash might have left, which the next start goes on from. Texts and vectors are in it: it is closed to others.
 * Vectors in Elasticsearch are not: those are kept by its own snapshots.
 * @throws SimilarityError configuration_wrong | data_folder_busy where another backup runs | data_folder_newer | disk_full | store_unreadable
 */
export async function backup(dataDir: string, target: string): Promise<BackupManifest> {
  process.umask(0o077)
  if (inspectLedger(dataDir) === null) throw new SimilarityError('configuration_wrong', { detail: `There is nothing to back up in ${dataDir}: is it the SIMILARITY_DATA_DIR of the companion?` })
  if (isInside(dataDir, target)) throw new SimilarityError('configuration_wrong', { detail: 'A backup cannot lie in the data folder itself.' })
  await makeEmptyFolder(target)
  const claim = await openDataFolderLock(dataDir, 'backup')
  const snapshot = join(dataDir, SNAPSHOT)
  try {
    await takeSnapshot(dataDir, snapshot)
    return await writeBackup(snapshot, target, VERSION)
  } catch (error) {
    await emptyFolder(target)
    throw error
  } finally {
    await rm(snapshot, { recursive: true, force: true })
    await claim.close()
  }
}

function isInside(folder: string, path: string): boolean {
  const below = relative(resolve(folder), resolve(path))
  return !below.startsWith('..') && !isAbsolute(below)
}

/** What a backup that was killed has left would keep bytes that the store removes. */
export async function dropLeftSnapshot(dataDir: string): Promise<void> {
  const snapshot = join(dataDir, SNAPSHOT)
  if (!existsSync(snapshot)) return
  const claim = await openDataFolderLock(dataDir, 'backup').catch(() => null)
  if (claim === null) return
  await rm(snapshot, { recursive: true, force: true })
  await claim.close()
}

async function takeSnapshot(dataDir: string, snapshot: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await rm(snapshot, { recursive: true, force: true })
    await mkdir(snapshot, { mode: 0o700 })
    await copyLedger(dataDir, snapshot)
    await writeFile(join(snapshot, STORE), await storeOf(dataDir))
    const generations = await generationsHere(snapshot)
    const isThere = await Promise.all(generations.map(generation => snapshotTables(join(dataDir, VECTORS), generation, join(snapshot, VECTORS))))
    // One that is being built may have none yet.
    const held = generations.filter((_, index) => isThere[index])
    const isWhole = generations.every(generation => generation.state !== 'current' || held.includes(generation))
    if (isWhole && await linkModels(dataDir, snapshot)) {
      await proveReadable(snapshot, held)
      return
    }
    if (attempt === ATTEMPTS) throw new SimilarityError('store_unreadable', { detail: 'The vectors of a project are missing in the data folder, or its models keep changing.' })
  }
}

/** Those that were pulled. @returns false where one is just being pulled or removed */
const linkModels = async (dataDir: string, snapshot: string): Promise<boolean> =>
  !existsSync(join(dataDir, MODELS)) || await linkFolder(join(dataDir, MODELS), join(snapshot, MODELS))

/** Those whose tables lie in the data folder. */
const generationsHere = async (folder: string): Promise<Generation[]> => (await storeOf(folder) === 'lancedb' ? await generationsOf(folder) : [])

/** Brings the copy of an older ledger up to date. */
async function generationsOf(folder: string): Promise<Generation[]> {
  const database = await openDatabase(folder)
  try {
    return createGenerations(database).inUse()
  } finally {
    database.close()
  }
}

/** @throws SimilarityError store_unreadable and what else the store throws */
async function proveReadable(folder: string, generations: readonly Generation[]): Promise<void> {
  const store = await openLanceStore({ folder: join(folder, VECTORS), log: createLogger('silent') })
  try {
    for (const generation of generations) {
      await store.statistics(generation)
      await store.samplePassages(generation, SAMPLE)
    }
  } finally {
    await store.close()
  }
}

/**
 * Copies a backup into an empty data folder, comparing each file with what was written down of it. Nothing is left there where that fails.
 * @throws SimilarityError backup_unusable | configuration_wrong where something is in the folder | data_folder_newer | disk_full | store_unreadable
 */
export async function restore(source: string, dataDir: string): Promise<BackupManifest> {
  process.umask(0o077)
  const manifest = await readManifest(source)
  await makeEmptyFolder(dataDir)
  try {
    await readBackup(source, dataDir, manifest)
    if (inspectLedger(dataDir) === null) throw new SimilarityError('backup_unusable', { detail: 'The backup has no task ledger.' })
    await proveReadable(dataDir, (await generationsHere(dataDir)).filter(({ state }) => state === 'current'))
    return manifest
  } catch (error) {
    await emptyFolder(dataDir)
    throw error
  }
}
