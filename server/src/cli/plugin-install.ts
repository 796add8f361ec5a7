import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'

const PARTS = ['package.json', 'dist']
const ManifestSchema = z.object({ name: z.string(), version: z.string() })

/**
 * Copies the built plugin into Datashare's plugins folder, in place of earlier versions of it.
 * @returns the folder that was written
 * @throws SimilarityError configuration_wrong where the plugin is not built or the folder does not exist
 */
export async function installPlugin(pluginsDir = defaultPluginsDir()): Promise<string> {
  const plugin = fileURLToPath(new URL('../../../plugin', import.meta.url))
  if (!existsSync(join(plugin, 'dist', 'index.umd.js'))) throw new SimilarityError('configuration_wrong', { detail: 'The plugin is not built: run "npm run build" first.' })
  if (!existsSync(pluginsDir)) throw new SimilarityError('configuration_wrong', { detail: `There is no folder ${pluginsDir}: name Datashare's plugins folder with --plugins-dir.` })
  const { name, version } = ManifestSchema.parse(JSON.parse(await readFile(join(plugin, 'package.json'), 'utf8')))
  const target = join(pluginsDir, `${name}-${version}`)
  const fresh = `${target}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh)
  for (const part of PARTS) await cp(join(plugin, part), join(fresh, part), { recursive: true })
  // Only now, that the new one is complete, does the old one go.
  for (const entry of await readdir(pluginsDir)) {
    if (entry !== `${name}-${version}.new` && await isOurs(join(pluginsDir, entry), name)) await rm(join(pluginsDir, entry), { recursive: true })
  }
  await rename(fresh, target)
  return target
}

/** By the name in its manifest: a folder that is only called alike is somebody else's. */
async function isOurs(folder: string, name: string): Promise<boolean> {
  try {
    return ManifestSchema.safeParse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).data?.name === name
  } catch {
    return false
  }
}

/** Where Datashare looks for plugins when it is not told otherwise. */
function defaultPluginsDir(): string {
  if (process.platform === 'win32') return join(process.env['APPDATA'] ?? homedir(), 'Datashare', 'plugins')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'datashare', 'plugins')
  return join(homedir(), '.local', 'share', 'datashare', 'plugins')
}
