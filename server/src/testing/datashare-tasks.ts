import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { z } from 'zod'
import type { TemporalAddress } from '../tasks/temporal/connection.ts'
import { hasJava } from './elasticsearch.ts'
import { saidLine } from './served-companion.ts'

const RUN = join(import.meta.dirname, '../../../e2e/datashare-tasks/run.sh')

/** It is built for Java 21, which comes with a Python package where the system has an older one. */
export const hasDatashareTasks = (): boolean => hasJava(21) || (hasJava() && spawnSync('python3', ['-m', 'pip', '--version']).status === 0)

/** A task as Datashare shows it. */
const ShownSchema = z.looseObject({
  id: z.string(), name: z.string(), state: z.enum(['CREATED', 'QUEUED', 'RUNNING', 'CANCELLED', 'ERROR', 'DONE']), progress: z.number(),
  args: z.looseObject({ project: z.string() }),
  result: z.looseObject({ value: z.unknown() }).nullish(),
  error: z.looseObject({ message: z.string() }).nullish(),
})
export type ShownTask = z.infer<typeof ShownSchema>

/** Datashare's own manager of tasks, from its published artifacts, as a process of its own. */
export interface DatashareTasks extends AsyncDisposable {
  readonly url: string
  /** Null where Datashare does not know it. */
  task(id: string): Promise<ShownTask | null>
  stop(id: string): Promise<void>
  clean(id: string): Promise<void>
}

export async function startDatashareTasks({ address, namespace }: TemporalAddress): Promise<DatashareTasks> {
  const child = spawn(RUN, [address, namespace], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-4_000) })
  const end = (): void => void child.kill('SIGTERM')
  process.once('exit', end)
  const ended = once(child, 'exit')
  const url = await saidLine(child, () => said, /^LISTENS (\S+)$/)
  const call = async (method: string, path: string): Promise<Response> => {
    const response = await fetch(`${url}/api/task/${path}`, { method })
    if (response.status >= 500) throw new Error(`Datashare answered ${response.status}: ${await response.text()}`)
    return response
  }
  return {
    url,
    async task(id) {
      const response = await call('GET', id)
      return response.status === 404 ? null : ShownSchema.parse(await response.json())
    },
    stop: async (id) => { await call('PUT', `stop/${id}`) },
    clean: async (id) => { await call('DELETE', `clean/${id}`) },
    async [Symbol.asyncDispose]() {
      end()
      await ended
      process.removeListener('exit', end)
    },
  }
}
