import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { BUILT_PLUGIN, folderNameOf, layOutPlugin, readPlugin } from './plugin-folder.ts'

const NamedSchema = z.object({ name: z.string() })

/**
 * Puts the built plugin into Datashare's plugins folder, in place of earlier versions of it.
 * @returns the folder that was written
 * @throws SimilarityError configuration_wrong where the plugin is not built
 */
export async function installPlugin(pluginsDir: string): Promise<string> {
  const manifest = await readPlugin(BUILT_PLUGIN)
  const target = join(pluginsDir, folderNameOf(manifest))
  const fresh = `${target}.new`
  await rm(fresh, { recursive: true, force: true })
  await layOutPlugin(BUILT_PLUGIN, manifest, fresh)
  // Only now, that the new one is complete, does the old one go.
  for (const entry of await readdir(pluginsDir)) {
    const folder = join(pluginsDir, entry)
    if (folder !== fresh && await isOurs(folder, manifest.name)) await rm(folder, { recursive: true })
  }
  await rename(fresh, target)
  return target
}

/** By the name in its manifest: a folder that is only called alike is somebody else's. */
async function isOurs(folder: string, name: string): Promise<boolean> {
  try {
    return NamedSchema.safeParse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).data?.name === name
  } catch {
    return false
  }
}
