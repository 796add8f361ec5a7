import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'

const PARTS = ['package.json', 'dist']

/**
 * Copies the built plugin into Datashare's plugins folder, in place of earlier versions.
 * @returns the folder that was written
 * @throws SimilarityError configuration_wrong where the plugin is not built or the folder does not exist
 */
export async function installPlugin(pluginsDir = defaultPluginsDir()): Promise<string> {
  const plugin = fileURLToPath(new URL('../../../plugin', import.meta.url))
  if (!existsSync(join(plugin, 'dist', 'index.umd.js'))) throw new SimilarityError('configuration_wrong', { detail: 'The plugin is not built: run "npm run build" first.' })
  if (!existsSync(pluginsDir)) throw new SimilarityError('configuration_wrong', { detail: `There is no folder ${pluginsDir}: name Datashare's plugins folder with --plugins-dir.` })
  const { name, version } = z.object({ name: z.string(), version: z.string() }).parse(JSON.parse(await readFile(join(plugin, 'package.json'), 'utf8')))
  for (const entry of await readdir(pluginsDir)) {
    if (entry === name || entry.startsWith(`${name}-`)) await rm(join(pluginsDir, entry), { recursive: true })
  }
  const target = join(pluginsDir, `${name}-${version}`)
  await mkdir(target)
  for (const part of PARTS) await cp(join(plugin, part), join(target, part), { recursive: true })
  return target
}

/** Where Datashare looks for plugins when it is not told otherwise. */
function defaultPluginsDir(): string {
  if (process.platform === 'win32') return join(process.env['APPDATA'] ?? homedir(), 'Datashare', 'plugins')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'datashare', 'plugins')
  return join(homedir(), '.local', 'share', 'datashare', 'plugins')
}
