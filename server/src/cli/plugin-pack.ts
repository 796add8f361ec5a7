import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// Datashare fails on an archive without entries for its folders; `tar` makes them, and the same bytes each time.
import { create } from 'tar'
import { BUILT_PLUGIN, folderNameOf, layOutPlugin, readPlugin } from './plugin-folder.ts'

/** One moment for every entry, so that the same plugin gives the same archive, byte by byte. */
const MODIFIED = new Date('2000-01-01T00:00:00Z')

/**
 * Packs the built plugin as Datashare installs it: datashare-plugin-similarity-<version>.tgz, with one folder of that name in it.
 * @returns the path of the archive
 * @throws SimilarityError configuration_wrong where the plugin is not built
 */
export async function packPlugin(folder: string, plugin = BUILT_PLUGIN): Promise<string> {
  const manifest = await readPlugin(plugin)
  const top = folderNameOf(manifest)
  const work = await mkdtemp(join(tmpdir(), 'pack-plugin-'))
  try {
    await layOutPlugin(plugin, manifest, join(work, top))
    const archive = join(folder, `${top}.tgz`)
    await create({ gzip: true, file: archive, cwd: work, portable: true, mtime: MODIFIED }, [top])
    return archive
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
