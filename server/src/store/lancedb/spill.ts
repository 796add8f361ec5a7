import { mkdir, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const VARIABLES = ['TMPDIR', 'TMP', 'TEMP'] as const
const ORIGINAL = VARIABLES.map(name => [name, process.env[name]] as const)

function restore(): void {
  for (const [name, value] of ORIGINAL) {
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  }
}

export interface Spill {
  /** Runs a write whose temporary files go to the folder; they are removed when no write runs any more. */
  during<T>(write: () => Promise<T>): Promise<T>
}

/**
 * LanceDB sorts and shuffles what it indexes through the system's temporary folder, and leaves files there: the texts and
 * vectors of a leak, in a place that others may read. So writes get a folder of their own below the data, emptied after them.
 */
export async function openSpill(folder: string): Promise<Spill> {
  const spill = resolve(folder, 'spill')
  let running = 0

  const empty = async (): Promise<void> => {
    for (const entry of await readdir(spill)) await rm(join(spill, entry), { recursive: true, force: true })
  }

  await mkdir(spill, { recursive: true, mode: 0o700 })
  // What a crash has left.
  await empty()
  return {
    async during(write) {
      running++
      // The native library looks at the environment each time that it needs a folder.
      for (const name of VARIABLES) process.env[name] = spill
      try {
        return await write()
      } finally {
        running--
        if (running === 0) {
          restore()
          await empty().catch(() => undefined)
        }
      }
    },
  }
}
