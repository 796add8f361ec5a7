import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SimilarityError } from '@datashare-similarity/shared'
import type { Generation } from '../generation.ts'
import { tableNames } from './schema.ts'

const ATTEMPTS = 40
const PAUSE_MILLISECONDS = 100

/**
 * Puts the tables of a generation, as they stand, into another folder of the same disk, also while another process writes to them.
 * Documents come first: a row marks its passages as done, so the passages must be as new, or newer.
 * @returns false where it has no tables
 * @throws SimilarityError store_unreadable where they do not keep still for the moment that it takes
 */
export async function snapshotTables(folder: string, generation: Generation, target: string): Promise<boolean> {
  const { documents, passages } = tableNames(generation)
  return await snapshotTable(folder, documents, target) && await snapshotTable(folder, passages, target)
}

async function snapshotTable(folder: string, name: string, target: string): Promise<boolean> {
  const [from, to] = [folder, target].map(each => join(each, `${name}.lance`)) as [string, string]
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await manifestsOf(from)
    if (before === null) return false
    await rm(to, { recursive: true, force: true })
    if (await linkFolder(from, to) && before === await manifestsOf(from)) return true
    await pause(PAUSE_MILLISECONDS)
  }
  throw new SimilarityError('store_unreadable', { detail: 'A table is being written to without a pause: try again when less is vectorized.' })
}

/**
 * A commit adds files, its manifest last, and changes none; only a clean-up removes some, none of which the newest manifest names.
 * So where no manifest has come meanwhile, all that belongs to the newest one has been there all the time. Null without a table.
 */
async function manifestsOf(table: string): Promise<string | null> {
  const names = await readdir(join(table, '_versions')).catch(() => null)
  return names === null ? null : names.filter(name => name.endsWith('.manifest')).sort().join()
}

/** Links take no time and no room: the copy proper is made from them. @returns false where a file went meanwhile */
export async function linkFolder(from: string, to: string): Promise<boolean> {
  try {
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
      const place = join(to, entry.parentPath.slice(from.length))
      await mkdir(place, { recursive: true, mode: 0o700 })
      if (entry.isFile() && !isHint(entry.name)) await linkOrCopy(join(entry.parentPath, entry.name), join(place, entry.name))
    }
    return true
  } catch (error) {
    if (isGone(error)) return false
    throw error
  }
}

/** It is written again in place, and only says where to look first. */
const isHint = (name: string): boolean => name === 'latest_version_hint.json'

/** Some disks have no links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    if (isGone(error)) throw error
    await copyFile(from, to)
  })
}

const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'
