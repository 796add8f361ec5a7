import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'

export interface DataFolderLock {
  close(): Promise<void>
}

const ATTEMPTS = 10

/**
 * Claims the data folder for this process. A lock whose owner is dead is taken over, never one whose owner lives.
 * @throws SimilarityError data_folder_busy, with the other process' id
 */
export async function openDataFolderLock(dataDir: string): Promise<DataFolderLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, 'companion.lock')
  const claim = `${JSON.stringify({ pid: process.pid, started: await startOf(process.pid), nonce: randomUUID() })}\n`
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await publish(path, claim)) return { close: () => release(path, claim) }
    await clearIfDead(path)
  }
  throw new SimilarityError('data_folder_busy', { detail: 'Several processes are trying to claim the data folder at once.' })
}

/** A link appears with its whole content or not at all, and fails where the name is taken: O_EXCL without half-written locks. */
async function publish(path: string, claim: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, claim, { flag: 'wx', mode: 0o600 })
    await link(draft, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new SimilarityError('store_unreadable', { detail: 'The lock file of the data folder cannot be written.', cause: error })
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

async function clearIfDead(path: string): Promise<void> {
  const held = await readOrNull(path)
  if (held === null) return
  const owner = parseOwner(held)
  if (owner !== null && await isAlive(owner)) {
    throw new SimilarityError('data_folder_busy', { detail: `Process ${owner.pid} is working on the data folder.` })
  }
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  // Somebody else may have taken the dead lock over since it was read: then it is theirs, and goes back.
  if (await readOrNull(aside) !== held) await link(aside, path).catch(() => undefined)
  await unlink(aside)
}

async function release(path: string, claim: string): Promise<void> {
  if (await readOrNull(path) === claim) await unlink(path)
}

interface Owner {
  readonly pid: number
  readonly started: string | null
}

function parseOwner(held: string): Owner | null {
  try {
    const owner: unknown = JSON.parse(held)
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || typeof owner.pid !== 'number') return null
    return { pid: owner.pid, started: 'started' in owner && typeof owner.started === 'string' ? owner.started : null }
  } catch {
    return null
  }
}

async function isAlive({ pid, started }: Owner): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, as another user.
    if (codeOf(error) !== 'EPERM') return false
  }
  const stat = await statOf(pid)
  if (stat?.state === 'Z') return false
  return started === null || stat === null || started === stat.started
}

async function startOf(pid: number): Promise<string | null> {
  return (await statOf(pid))?.started ?? null
}

/**
 * Whether a process is a zombie, and when it started, in ticks since boot, so that a reused id is not taken for its former owner.
 * Null where the system does not tell.
 */
async function statOf(pid: number): Promise<{ state: string | undefined, started: string | null } | null> {
  const stat = await readOrNull(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The second field is the name in brackets and may hold spaces; the state is the third, the start the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], started: fields[19] ?? null }
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return null
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
