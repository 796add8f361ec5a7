import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { backup, restore } from '../app/backup.ts'
import type { BackupManifest } from '../app/backup-files.ts'
import { readConfig } from '../app/config.ts'
import type { Env } from './connect.ts'
import { createOutput } from './output.ts'

interface Flags { json?: boolean }

/** The data folder as a whole: whoever may read its files may copy them, so no companion and no sign-in is asked. */
export function addBackup(program: Command, env: Env): void {
  program.command('backup <folder>')
    .description('copy the data folder into an empty one, also while the companion runs')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', `
The copy holds the texts and vectors of all projects: keep it as you keep the documents. Run it as the user of the companion, with the same SIMILARITY_DATA_DIR.

Example:
  $ datashare-similarity backup /backups/similarity-2026-01-31`)
    .action(async (folder: string, flags: Flags) => {
      const target = resolve(folder)
      tell(await backup(readConfig(env).dataDir, target), 'backed up to', target, flags)
    })
  program.command('restore <backup>')
    .description('copy a backup into the data folder, which must be empty')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', `
Every file is compared with what was written down of it. Tasks that had not ended go on at the next start.

Example:
  $ SIMILARITY_DATA_DIR=/srv/similarity datashare-similarity restore /backups/similarity-2026-01-31`)
    .action(async (source: string, flags: Flags) => {
      const { dataDir } = readConfig(env)
      tell(await restore(resolve(source), dataDir), 'restored to', dataDir, flags)
    })
}

function tell({ version, createdAt, files }: BackupManifest, done: string, folder: string, flags: Flags): void {
  const sizes = Object.values(files).map(({ bytes }) => bytes)
  const bytes = sizes.reduce((sum, each) => sum + each, 0)
  const output = createOutput(flags.json === true)
  if (output.json) output.line(JSON.stringify({ folder, version, createdAt, files: sizes.length, bytes }))
  else output.line(`${sizes.length} files (${(bytes / 1e6).toFixed(1)} MB, of version ${version}, ${createdAt}) ${done} ${folder}`)
}
