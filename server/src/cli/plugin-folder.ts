import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'

/** The package and the checkout have the same layout. */
const HOME = fileURLToPath(new URL('../../../', import.meta.url))
export const BUILT_PLUGIN = join(HOME, 'plugin')

const ManifestSchema = z.object({ name: z.string(), version: z.string(), description: z.string(), license: z.string(), type: z.string(), main: z.string(), style: z.string(), datashare: z.record(z.string(), z.unknown()) })

export type PluginManifest = z.infer<typeof ManifestSchema>

/** @throws SimilarityError configuration_wrong where the plugin is not built */
export async function readPlugin(plugin: string): Promise<PluginManifest> {
  const manifest = ManifestSchema.parse(JSON.parse(await readFile(join(plugin, 'package.json'), 'utf8')))
  const missing = [manifest.main, manifest.style].find(file => !existsSync(join(plugin, file)))
  if (missing !== undefined) throw new SimilarityError('configuration_wrong', { detail: `${missing} of the plugin is missing: build it first, with "npm run build".` })
  return manifest
}

/** Datashare names a plugin's folder so; it takes away that of an earlier version when a later one of such a name comes. */
export const folderNameOf = ({ name, version }: PluginManifest): string => `${name}-${version}`

/** Lays a plugin out as Datashare reads it: what was built, and of its manifest what concerns Datashare. */
export async function layOutPlugin(plugin: string, { name, version, description, license, type, main, style, datashare }: PluginManifest, target: string): Promise<void> {
  await mkdir(target, { recursive: true })
  await cp(join(plugin, dirname(main)), join(target, dirname(main)), { recursive: true })
  await cp(join(HOME, 'LICENSE'), join(target, 'LICENSE'))
  await cp(join(plugin, 'README.md'), join(target, 'README.md'))
  await writeFile(join(target, 'package.json'), `${JSON.stringify({ name, version, private: false, description, license, type, main, style, datashare }, null, 2)}\n`)
}
