import express from 'express'
import { z } from 'zod'
import { Client, Connection } from '@temporalio/client'
import type { TemporalAddress } from '../tasks/temporal/connection.ts'
import { serveHttp } from './http.ts'

export interface TemporalDatashare extends AsyncDisposable {
  readonly url: string
  /** What /settings says; a test may change it. */
  settings: Readonly<Record<string, string>>
  /** What becomes of a task that is put there, and with which status it is answered; a test may change it. */
  onPut: (start: () => Promise<unknown>) => Promise<number>
  /** What was put on its page of tasks. */
  readonly tasks: { csrf: unknown, body: z.infer<typeof TaskSchema> }[]
  /** As its page stops a task: the workflow is terminated, and nothing of it runs any more. */
  stop(id: string): Promise<void>
}

/** Without a state Datashare fails, and with a list among the arguments; a user may be anybody's. */
const TaskSchema = z.looseObject({
  id: z.string(), name: z.string(), state: z.literal('CREATED'),
  args: z.object({ defaultProject: z.string(), user: z.looseObject({ id: z.string() }) }).catchall(z.union([z.string(), z.number(), z.boolean(), z.null()])),
})
/** Without a group it fails too. */
const GroupSchema = z.object({ group: z.string() })

/** As Datashare does. */
export const startIt: TemporalDatashare['onPut'] = async (start) => {
  await start()
  return 201
}

/** Datashare's half of the contract of tasks: a task that is put becomes a workflow of its name on the queue of its group. */
export async function startTemporalDatashare({ address, namespace }: TemporalAddress): Promise<TemporalDatashare> {
  const connection = await Connection.connect({ address })
  const client = new Client({ connection, namespace })
  const tasks: TemporalDatashare['tasks'] = []
  let settings: Readonly<Record<string, string>> = {}
  let onPut: TemporalDatashare['onPut'] = startIt
  const startWorkflow = (queue: string, workflowId: string, type: string, args: object): Promise<unknown> =>
    client.workflow.start(type, { taskQueue: queue.toLowerCase(), workflowId, workflowIdReusePolicy: 'REJECT_DUPLICATE', args: [args] })
  const app = express()
    .get('/settings', (_request, response) => void response.json({ mode: 'LOCAL', batchQueueType: 'MEMORY', taskRoutingStrategy: 'UNIQUE', ...settings }))
    .put('/api/task/:id', express.json(), async (request, response) => {
      const { id } = request.params
      const body = TaskSchema.parse(request.body)
      const { group } = GroupSchema.parse(request.query)
      tasks.push({ csrf: request.headers['x-ds-csrf-token'], body })
      const user = { id: body.args.user.id, name: null, email: null, provider: null, details: {} }
      const status = await onPut(() => startWorkflow(group, id, body.name, { ...body.args, user }))
      response.status(status).json({ taskId: id })
    })
  const server = await serveHttp(app)
  return {
    url: server.url,
    get settings() { return settings },
    set settings(value) { settings = value },
    get onPut() { return onPut },
    set onPut(value) { onPut = value },
    tasks,
    async stop(id) {
      await client.workflow.getHandle(id).terminate('stopped')
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await connection.close()
    },
  }
}
