import { setTimeout as delay } from 'node:timers/promises'
import { Client, Connection, isGrpcServiceError, ServiceError, WorkflowNotFoundError, type WorkflowExecutionStatusName, type WorkflowHandle } from '@temporalio/client'
import { SimilarityError } from '@datashare-similarity/shared'
import { CONNECT_TIMEOUT_MS, toTemporalError, type TemporalAddress } from './connection.ts'
import { TASK_QUEUE } from './names.ts'
import { createSightings } from './sightings.ts'

const NOT_FOUND = 5
const UNIMPLEMENTED = 12
/** Workers that have not asked for so long are gone; Temporal itself forgets them after five minutes. */
const POLLS_EVERY_MS = 90_000
/** Whoever asks how things stand wants to know it soon, also where Temporal is away: the client would try again for half a minute. */
const SOON_MS = 3_000
/** For what changes something: one that comes later than that does no harm, as its record is gone, or it is asked again. */
const CHANGED_MS = 10_000

export interface TemporalClient {
  /** @throws SimilarityError temporal_unreachable */
  start(task: string, workflow: string, args: object): Promise<void>
  /** False where there is nothing to cancel. @throws SimilarityError temporal_unreachable */
  cancel(chain: string): Promise<boolean>
  /** Null where Temporal does not know the chain. @throws SimilarityError temporal_unreachable */
  status(chain: string): Promise<WorkflowExecutionStatusName | null>
  /** Whether any worker asks for our tasks; true where this Temporal does not tell. @throws SimilarityError temporal_unreachable */
  hasWorkers(): Promise<boolean>
  /** Of a task that has ended well. @throws SimilarityError temporal_unreachable */
  result(task: string): Promise<unknown>
  /** Resolves when a chain has ended, in whatever way. */
  ended(chain: string): Promise<void>
  /** Says it within three seconds. @throws SimilarityError temporal_unreachable | configuration_wrong where there is no such namespace */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * Waits for a Temporal that is just starting, for as many milliseconds as are said, by default a minute.
 * @throws SimilarityError temporal_unreachable | configuration_wrong where there is no such namespace
 */
export async function openTemporalClient({ address, namespace }: TemporalAddress, connectTimeout: number = CONNECT_TIMEOUT_MS): Promise<TemporalClient> {
  const connection = await asked(() => Connection.connect({ address, connectTimeout }))
  const client = new Client({ connection, namespace })
  const sightings = createSightings()
  const handle = (chain: string): WorkflowHandle => client.workflow.getHandle(chain)
  const ping = async (): Promise<void> => {
    try {
      await soon(connection, () => connection.workflowService.describeNamespace({ namespace }))
    } catch (error) {
      if (codeOf(error) === NOT_FOUND) throw new SimilarityError('configuration_wrong', { detail: `TEMPORAL_NAMESPACE: Temporal at ${address} has no namespace "${namespace}". A Datashare that runs with TEMPORAL makes its own; else make it with "temporal operator namespace create --namespace ${namespace}".` })
      if (codeOf(error) !== UNIMPLEMENTED) throw toTemporalError(error)
    }
  }
  try {
    await ping()
  } catch (error) {
    await connection.close()
    throw error
  }
  return {
    start: (task, workflow, args) => asked(async () => {
      const start = () => client.workflow.start(workflow, { taskQueue: TASK_QUEUE, workflowId: task, args: [args], workflowIdReusePolicy: 'REJECT_DUPLICATE' })
      await soon(connection, start, CHANGED_MS)
    }),
    cancel: chain => asked(() => found(async () => {
      await soon(connection, () => handle(chain).cancel(), CHANGED_MS)
      return true
    }, false)),
    status: chain => asked(() => found(async () => (await soon(connection, () => handle(chain).describe())).status.name, null)),
    hasWorkers: () => asked(async () => {
      try {
        const { pollers } = await soon(connection, () => connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: TASK_QUEUE } }))
        const latest = Math.max(...pollers.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0)))
        return pollers.length > 0 && sightings.unchangedFor('polls', String(latest)) < POLLS_EVERY_MS
      } catch (error) {
        if (codeOf(error) === UNIMPLEMENTED) return true
        throw error
      }
    }),
    result: task => asked(() => handle(task).result()),
    ended: chain => handle(chain).result().then(() => undefined, () => undefined),
    ping,
    close: () => connection.close(),
  }
}

/** A deadline alone does not do it: the client first waits for the next of its tries. */
function soon<T>(connection: Connection, work: () => Promise<T>, milliseconds = SOON_MS): Promise<T> {
  const late = delay(milliseconds, undefined, { ref: false }).then((): never => { throw new SimilarityError('temporal_unreachable', { detail: `Temporal did not answer within ${milliseconds / 1_000} seconds.` }) })
  return Promise.race([connection.withDeadline(Date.now() + milliseconds, work), late])
}

async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toTemporalError(error)
  }
}

async function found<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || codeOf(error) === NOT_FOUND) return otherwise
    throw error
  }
}

function codeOf(error: unknown): number | undefined {
  const fault = error instanceof ServiceError ? error.cause : error
  return isGrpcServiceError(fault) ? fault.code : undefined
}
