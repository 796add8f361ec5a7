import { access, chmod, constants, mkdir, readdir, readFile, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import { LEDGER } from '../tasks/local/database.ts'

/** In the data folder: the tables of the embedded store. */
export const VECTORS = 'vectors'
/** The name of the store that the projects are in. */
export const STORE = 'store'
/** Where models lie that do not come with the package. */
export const MODELS = 'models'

/**
 * Makes the data folder where it is missing. Texts and vectors of a leak lie here: nobody else may read them, nor the files that are made from
 * here on, temporary ones and those of child processes included.
 * @throws SimilarityError store_unreadable
 */
export async function makeDataFolder(dataDir: string): Promise<void> {
  process.umask(0o077)
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    // What else lies here belongs to somebody, who may have to reach it.
    if (await isOpenToOthers(dataDir) && !await hasForeignEntries(dataDir)) await chmod(dataDir, 0o700)
  } catch (error) {
    throw new SimilarityError('store_unreadable', { cause: error, detail: `The data folder ${dataDir} cannot be made, or not be closed to others.` })
  }
}

const isNew = async (dataDir: string): Promise<boolean> => !(await readdir(dataDir)).includes(LEDGER)

/** Writes beside the ledger which store its projects are in, before there are any. @throws SimilarityError store_unreadable */
export async function noteStore({ dataDir, store }: { readonly dataDir: string, readonly store: string }): Promise<void> {
  if (!await isNew(dataDir)) return
  await writeFile(join(dataDir, STORE), store).catch((cause: unknown) => { throw new SimilarityError('store_unreadable', { cause, detail: `The data folder ${dataDir} cannot be written to.` }) })
}

/** The ledger of a folder says which projects are vectorized, in the store that they were vectorized in. @throws SimilarityError configuration_wrong */
export async function demandSameStore({ dataDir, store }: { readonly dataDir: string, readonly store: string }): Promise<void> {
  const before = await isNew(dataDir) ? store : await storeOf(dataDir)
  if (before === store) return
  throw new SimilarityError('configuration_wrong', { detail: `SIMILARITY_STORE: the projects of this data folder are in the store "${before}". Set it back, or give the companion another folder with SIMILARITY_DATA_DIR and vectorize the projects there.` })
}

/** The name of the store that the projects of a data folder are in. */
export const storeOf = (dataDir: string): Promise<string> => readFile(join(dataDir, STORE), 'utf8').catch(() => 'lancedb')

/** The folder itself, or the nearest one above it that exists: where it would be made. */
export async function existingFolder(dataDir: string): Promise<string> {
  const found = await stat(dataDir).catch(() => null)
  const above = dirname(dataDir)
  return found !== null || above === dataDir ? dataDir : existingFolder(above)
}

/** @throws SimilarityError store_unreadable where it cannot be read and written, or is no folder */
export async function demandRights(folder: string): Promise<void> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('not a folder')
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new SimilarityError('store_unreadable', { cause: error, detail: `${folder} is not a folder that can be read and written.` })
  }
}

/** Open to others, and not to be closed: somebody else's things lie in it. */
export const isShared = async (dataDir: string): Promise<boolean> => await isOpenToOthers(dataDir) && await hasForeignEntries(dataDir)

const isOpenToOthers = async (folder: string): Promise<boolean> => process.platform !== 'win32' && ((await stat(folder)).mode & 0o077) !== 0

async function hasForeignEntries(folder: string): Promise<boolean> {
  const entries = await readdir(folder)
  return entries.length > 0 && !entries.includes(LEDGER)
}

/** Bytes that may still be written there. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
