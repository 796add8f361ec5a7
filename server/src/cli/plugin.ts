import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig } from '../app/config.ts'
import type { Env } from './connect.ts'
import { installPlugin } from './plugin-install.ts'
import { packPlugin } from './plugin-pack.ts'
import { findPluginsDir, namedPluginsDir } from './plugins-dir.ts'

export function addPlugin(program: Command, env: Env): void {
  const plugin = program.command('plugin').description('the plugin of Datashare\'s page')
  plugin.command('install')
    .description('put the built plugin into Datashare\'s plugins folder')
    .option('--plugins-dir <dir>', 'the folder that Datashare runs with as --pluginsDir')
    .addHelpText('after', `
Without --plugins-dir the running Datashare is asked (DATASHARE_URL), then its usual folders on this system are looked for.

Examples:
  $ datashare-similarity plugin install
  $ datashare-similarity plugin install --plugins-dir /home/datashare/plugins`)
    .action(async ({ pluginsDir }: { pluginsDir?: string }) => {
      const folder = await installPlugin(pluginsDir === undefined ? await findPluginsDir(readConfig(env).datashareUrl, env) : namedPluginsDir(pluginsDir))
      process.stdout.write(`Installed in ${folder}. Reload Datashare's page.\n`)
    })
  plugin.command('pack [folder]')
    .description('pack the built plugin as an archive that Datashare installs itself (Settings, Plugins)')
    .addHelpText('after', '\nExample:\n  $ datashare-similarity plugin pack /tmp')
    .action(async (folder: string | undefined) => {
      process.stdout.write(`${await packPlugin(resolve(folder ?? '.'))}\n`)
    })
}
