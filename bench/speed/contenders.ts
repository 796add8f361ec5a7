import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A process that answers a line with a line. */
export interface Contender extends AsyncDisposable {
  readonly pid: number
  ask(request: unknown): Promise<Times>
}

interface Times {
  readonly cpuMs: number
  readonly wallMs: number
  readonly documents?: number
}

/** One of the ways to embed that contender-process.ts knows. */
export const startContender = (name: 'ours' | 'floor' | 'int8' | 'full', modelFolder: string): Promise<Contender> =>
  start(process.execPath, ['--conditions=@similarity/source', fileURLToPath(new URL('contender-process.ts', import.meta.url)), name, modelFolder])

/** One of the commands of reference.py that answer lines. */
export const startReference = (python: string, ...args: string[]): Promise<Contender> => start(python, [REFERENCE, ...args])

export const REFERENCE = join(import.meta.dirname, 'reference.py')

async function start(command: string, args: readonly string[]): Promise<Contender> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const { value, done } = await answers.next()
    if (done === true) throw new Error(`${args[0] ?? command} ended before it answered`)
    return JSON.parse(value)
  }
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  await next()
  return {
    pid: child.pid ?? 0,
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return await next() as Times
    },
    [Symbol.asyncDispose]: async () => {
      process.removeListener('exit', end)
      await ended(child)
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise(resolve => child.once('exit', resolve))
  child.stdin?.end()
  await exit
}
