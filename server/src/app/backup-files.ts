import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'

const FORMAT = 1
/** Written last: a folder without it is no backup. */
const MANIFEST = 'backup.json'

const FileSchema = z.object({ bytes: z.int(), sha256: z.string() })
const ManifestSchema = z.object({ format: z.int(), version: z.string(), createdAt: z.string(), files: z.record(z.string(), FileSchema) })

/** What a backup holds, with the version of the companion that made it. Paths are relative, with "/". */
export type BackupManifest = z.infer<typeof ManifestSchema>

/** Copies every file below a folder, and writes down what it has copied. @throws SimilarityError disk_full | store_unreadable */
export async function writeBackup(from: string, to: string, version: string): Promise<BackupManifest> {
  const files: BackupManifest['files'] = {}
  for (const path of await filesBelow(from)) files[path] = await copyHashed(join(from, path), join(to, path))
  const manifest = { format: FORMAT, version, createdAt: new Date().toISOString(), files }
  await writing(to, () => writeFile(join(to, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 }))
  return manifest
}

/** @throws SimilarityError backup_unusable */
export async function readManifest(backup: string): Promise<BackupManifest> {
  const text = await readFile(join(backup, MANIFEST), 'utf8').catch((cause: unknown) => {
    throw new SimilarityError('backup_unusable', { cause, detail: `${backup} has no ${MANIFEST}: it is no backup, or one that was not completed.` })
  })
  const manifest = ManifestSchema.safeParse(parsed(text)).data
  if (manifest === undefined) throw new SimilarityError('backup_unusable', { detail: `${MANIFEST} in ${backup} cannot be read.` })
  if (manifest.format > FORMAT) throw new SimilarityError('backup_unusable', { detail: `The backup was made by version ${manifest.version}, in a form that this version does not know.` })
  return manifest
}

/** Copies what a backup holds, and compares each file with what was written down of it. @throws SimilarityError backup_unusable | disk_full | store_unreadable */
export async function readBackup(from: string, to: string, { files }: BackupManifest): Promise<void> {
  for (const [path, { bytes, sha256 }] of Object.entries(files)) {
    if (path.split('/').includes('..')) throw new SimilarityError('backup_unusable', { detail: `The backup names a file outside of itself: ${path}.` })
    const copied = await copyHashed(join(from, path), join(to, path)).catch((error: unknown) => {
      if (error instanceof SimilarityError) throw error
      throw new SimilarityError('backup_unusable', { cause: error, detail: `The file ${path} of the backup is missing or cannot be read.` })
    })
    if (copied.bytes !== bytes || copied.sha256 !== sha256) throw new SimilarityError('backup_unusable', { detail: `The file ${path} of the backup is not the one that was written.` })
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')).sort()
}

async function copyHashed(from: string, to: string): Promise<z.infer<typeof FileSchema>> {
  const hash = createHash('sha256')
  let bytes = 0
  await writing(to, async () => {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    await pipeline(createReadStream(from), async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    }, createWriteStream(to, { mode: 0o600 }))
  })
  return { bytes, sha256: hash.digest('hex') }
}

/** Names what is wrong with the place that is written to; other faults pass as they are. */
async function writing(to: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new SimilarityError('disk_full', { cause: error, detail: `There is no room left for ${to}.` })
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') throw new SimilarityError('store_unreadable', { cause: error, detail: `${to} cannot be read or written.` })
    throw error
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A folder of our own, made where it is missing. @throws SimilarityError configuration_wrong where something is in it | store_unreadable */
export async function makeEmptyFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 }).then(() => readdir(folder)).catch((cause: unknown) => {
    throw new SimilarityError('store_unreadable', { cause, detail: `The folder ${folder} cannot be made or read.` })
  })
  if (made.length > 0) throw new SimilarityError('configuration_wrong', { detail: `The folder ${folder} is not empty: name one that is empty, or not there yet.` })
  await chmod(folder, 0o700)
}

/** What was begun and is worth nothing; the folder itself stays. */
export async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
}
