import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { allocator, heap } from '../../bin/allocator.js'
import { clientOf, type TestClient } from './companion.ts'

export interface ServedCompanion extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly client: TestClient
  /** What it said on standard error, where its log goes too. */
  said(): string
  /** kill -9. */
  kill(): Promise<void>
  /** As a service manager stops it; gives the exit code. */
  stop(): Promise<number | null>
}

export interface ServedOptions {
  readonly dataDir: string
  readonly datashareUrl: string
  readonly elasticsearchUrl: string
  readonly env?: Readonly<Record<string, string>>
  /** A program that runs before it in its process. */
  readonly preload?: string
  /** The published command with the build, instead of the sources. */
  readonly isBuilt?: boolean
}

/** A companion that may still be starting. */
export interface StartingCompanion extends AsyncDisposable {
  readonly pid: number
  said(): string
  /** @throws Error with what it said where it ends before it listens */
  listening(): Promise<ServedCompanion>
  /** kill -9. */
  kill(): Promise<void>
  /** As a service manager stops it; gives the exit code. */
  stop(): Promise<number | null>
}

/** The companion as an operator runs it: `serve`, a process of its own. It ends with this one. */
export const serveCompanion = (options: ServedOptions): Promise<ServedCompanion> => startServing(options).listening()

export function startServing(options: ServedOptions): StartingCompanion {
  const { child, ...starting } = startCommand('serve', options)
  return {
    ...starting,
    async listening() {
      const url = await saidLine(child, starting.said, / listens at (\S+),/)
      return { ...starting, url, client: clientOf(url) }
    },
  }
}

export type StartedWorker = Omit<StartingCompanion, 'listening'>

/** A worker of a cluster, a process of its own that has begun to work. */
export async function startWorker(options: ServedOptions): Promise<StartedWorker> {
  const { child, ...worker } = startCommand('worker', options)
  await saidLine(child, worker.said, /works for the Temporal at (\S+),/)
  return worker
}

function startCommand(command: 'serve' | 'worker', { dataDir, datashareUrl, elasticsearchUrl, env = {}, preload, isBuilt = false }: ServedOptions): StartedWorker & { child: ChildProcess } {
  const args = [...heap, ...isBuilt ? [] : ['--conditions=@similarity/source'], ...preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]]
  const program = isBuilt ? '../../bin/datashare-similarity.js' : '../main.ts'
  const child = spawn(process.execPath, [...args, join(import.meta.dirname, program), command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'], HOME: process.env['HOME'], ...allocator,
      SIMILARITY_PORT: '0', SIMILARITY_THREADS: '1', SIMILARITY_LOG_LEVEL: 'warn',
      SIMILARITY_DATA_DIR: dataDir, DATASHARE_URL: datashareUrl, ELASTICSEARCH_URL: elasticsearchUrl, ...env,
    },
  })
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.removeListener('exit', end))
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
  const ended = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    }
    return child.exitCode
  }
  return {
    child, pid: child.pid ?? 0, said: () => said,
    kill: async () => { await ended('SIGKILL') },
    stop: () => ended('SIGTERM'),
    [Symbol.asyncDispose]: async () => { await ended('SIGKILL') },
  }
}

/** What the pattern captures of a line that a process says. @throws Error with what it said where it ends before */
export function saidLine(child: ChildProcess, said: () => string, pattern: RegExp): Promise<string> {
  const { stdout } = child
  if (stdout === null) throw new Error('the process has no pipes')
  return new Promise((resolve, reject) => {
    child.once('close', code => reject(new Error(`the process ended with ${code ?? 'a signal'}: ${said()}`)))
    createInterface({ input: stdout }).on('line', (line) => {
      const found = pattern.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
}
