// Packs the built plugin as Datashare installs it: datashare-plugin-similarity-<version>.tgz at the root of the repository.
// Datashare unpacks such an archive into its plugins folder and fails on one without entries for its folders (as `npm pack` makes them).
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { create } from 'tar'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const readJson = path => JSON.parse(readFileSync(path, 'utf8'))

/** One moment for every entry, so that the same plugin gives the same archive, byte by byte. */
const MODIFIED = new Date('2000-01-01T00:00:00Z')

/**
 * Packs the plugin that `npm run build` has built.
 * @param {{ folder?: string, plugin?: string }} [options] where the archive goes; where the plugin lies
 * @returns {Promise<string>} the path of the archive
 */
export async function packPlugin({ folder = root, plugin = join(root, 'plugin') } = {}) {
  const { name, version, description, license, type, main, style, datashare } = readJson(join(plugin, 'package.json'))
  for (const file of [main, style]) {
    if (!existsSync(join(plugin, file))) throw new Error(`${file} is missing: build the plugin first, with "npm run build"`)
  }

  const top = `${name}-${version}`
  const work = mkdtempSync(join(tmpdir(), 'pack-plugin-'))
  try {
    const copy = (from, to) => cpSync(from, join(work, top, to), { recursive: true })
    copy(join(plugin, dirname(main)), dirname(main))
    copy(join(root, 'LICENSE'), 'LICENSE')
    copy(join(plugin, 'README.md'), 'README.md')
    writeFileSync(join(work, top, 'package.json'), `${JSON.stringify({ name, version, private: false, description, license, type, main, style, datashare }, null, 2)}\n`)

    const archive = join(folder, `${top}.tgz`)
    await create({ gzip: true, file: archive, cwd: work, portable: true, mtime: MODIFIED }, [top])
    return archive
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await packPlugin())
