import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import { settingsOf } from '../datashare/facts.ts'
import type { Env } from './connect.ts'

export interface Machine {
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly env: Env
}

const HERE = 'name Datashare\'s plugins folder with --plugins-dir, or start Datashare once: it makes its folder at its first start.'

/** The folder that is named must be there: a misspelt one would never be looked into. @throws SimilarityError configuration_wrong */
export function namedPluginsDir(named: string): string {
  if (!existsSync(named)) throw new SimilarityError('configuration_wrong', { detail: `There is no folder ${named}: ${HERE}` })
  return named
}

/**
 * Where the Datashare of this machine looks for plugins: as it says itself where it runs, else in the one of its usual folders that is there.
 * @throws SimilarityError configuration_wrong where none is there, or several are, naming them
 */
export async function findPluginsDir(datashareUrl: string, env: Env): Promise<string> {
  const told = await toldByDatashare(datashareUrl)
  if (told !== null && existsSync(told)) return told
  const usual = usualPluginsDirs({ platform: process.platform, home: homedir(), env })
  const there = usual.filter(folder => existsSync(folder))
  const [only] = there
  if (only !== undefined && there.length === 1) return only
  const elsewhere = told === null ? '' : ` Datashare says that its folder is ${told}, which is not on this machine: does it run in a container?`
  if (only === undefined) throw new SimilarityError('configuration_wrong', { detail: `No plugins folder of Datashare was found; looked for ${usual.join(', ')}.${elsewhere} So ${HERE}` })
  throw new SimilarityError('configuration_wrong', { detail: `There are several plugins folders: ${there.join(', ')}. Name the one of the Datashare that you use with --plugins-dir.` })
}

/** Null where it does not run at this address, or does not say. */
async function toldByDatashare(datashareUrl: string): Promise<string | null> {
  try {
    return (await settingsOf(datashareUrl)).pluginsDir ?? null
  } catch (error) {
    if (error instanceof SimilarityError) return null
    throw error
  }
}

/** Of Datashare's packages for Linux (Debian, Snap, container), macOS and Windows, and of the plain archive, which has the same on all. */
export function usualPluginsDirs({ platform, home, env }: Machine): string[] {
  const plain = join(home, '.local', 'share', 'datashare', 'plugins')
  const set = [env['DATASHARE_PLUGINS_DIR'], env['DATASHARE_HOME'] === undefined ? undefined : join(env['DATASHARE_HOME'], 'plugins')].filter(folder => folder !== undefined)
  const packaged: Partial<Record<NodeJS.Platform, string[]>> = {
    linux: [join(home, 'snap', 'datashare', 'common', 'plugins'), '/home/datashare/plugins'],
    darwin: [join(home, 'Library', 'datashare', 'plugins')],
    win32: [join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Datashare', 'plugins')],
  }
  // What is set for Datashare's own start script counts alone.
  return set.length > 0 ? set : [...new Set([plain, ...packaged[platform] ?? []])]
}
