import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DefaultLogger, NativeConnection, Runtime, Worker, type LogEntry } from '@temporalio/worker'
import type { ElasticsearchConnection } from '../../datashare/elasticsearch-client.ts'
import type { DocumentSource } from '../../datashare/source.ts'
import type { Embedders } from '../../embedding/embedder.ts'
import type { Logger } from '../../log.ts'
import { createFindMostSimilar } from '../../search/find-most-similar.ts'
import { idsOnly } from '../../search/ids-only.ts'
import { knownLanguages } from '../../search/languages.ts'
import type { Generations } from '../../store/generation.ts'
import type { VectorStore } from '../../store/store.ts'
import { PATIENCE, type PatienceOptions } from '../../vectorize/patience.ts'
import { RETIRE_AFTER_MS } from '../create-engine.ts'
import { createActivities } from './activities.ts'
import { toTemporalError, type TemporalAddress } from './connection.ts'
import { BATCH_QUEUE, TASK_QUEUE } from './names.ts'
import { openClusterRecords } from './records.ts'

export interface TemporalWorkerOptions {
  readonly temporal: TemporalAddress
  readonly elasticsearch: ElasticsearchConnection
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly log: Logger
  /** Batches that are worked on at the same time. */
  readonly batchesAtOnce: number
  readonly patience?: PatienceOptions
  readonly retireAfterMs?: number
}

export interface RunningWorker {
  /** Rejects where the worker fails. */
  readonly ended: Promise<void>
  /** Leaves what it has begun to other workers. */
  close(): Promise<void>
}

/** A chain that is cancelled must stop within seconds: so heartbeats are really sent, not saved up. */
const HEARTBEAT = '2 seconds'
/** Steps that are no batches, more than there are long scans at a time: so one holds up no other. */
const STEPS_AT_ONCE = 16
/** Compiled, or as it stands. */
const WORKFLOWS = fileURLToPath(new URL(`./workflows${extname(import.meta.url)}`, import.meta.url))

/**
 * Takes part in the work: several, on several machines, share it. It needs no address of its own, and nothing of a companion but the same settings.
 * @throws SimilarityError temporal_unreachable, and those of Elasticsearch
 */
export async function startTemporalWorker({ temporal: { address, namespace }, elasticsearch, batchesAtOnce, log, patience = PATIENCE, retireAfterMs = RETIRE_AFTER_MS, ...parts }: TemporalWorkerOptions): Promise<RunningWorker> {
  sayWarnings(log)
  await using opened = new AsyncDisposableStack()
  const records = await openClusterRecords(elasticsearch)
  opened.defer(() => records.close())
  const { ledger, projects, searches } = records
  const connection = await NativeConnection.connect({ address }).catch((error: unknown) => { throw toTemporalError(error) })
  opened.defer(() => connection.close())
  const activities = createActivities({ ...parts, ledger, projects, searches, find: findWith({ ...parts, generations: projects }), patience, retireAfterMs, log })
  const shared = { connection, namespace, activities, maxHeartbeatThrottleInterval: HEARTBEAT, defaultHeartbeatThrottleInterval: HEARTBEAT }
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: TASK_QUEUE, workflowsPath: WORKFLOWS, maxConcurrentActivityTaskExecutions: STEPS_AT_ONCE }),
    Worker.create({ ...shared, taskQueue: BATCH_QUEUE, maxConcurrentActivityTaskExecutions: batchesAtOnce }),
  ])
  const runs = workers.map(worker => worker.run())
  const ended = Promise.all(runs).then(() => undefined)
  ended.catch(() => undefined)
  opened.defer(async () => {
    for (const worker of workers.filter(each => each.getState() === 'RUNNING')) worker.shutdown()
    await Promise.allSettled(runs)
  })
  log.info({ taskQueue: TASK_QUEUE, namespace }, 'worker runs')
  const all = opened.move()
  return { ended, close: () => all.disposeAsync() }
}

/** A search that nobody looks at yet: ids only, and no coverage. */
const NOTHING = { documents: 0, vectorized: 0, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0 }
const findWith = (parts: { store: VectorStore, embedders: Embedders, generations: Generations }) =>
  createFindMostSimilar({ ...parts, hydrator: idsOnly, languagesOf: knownLanguages(parts), coverage: () => Promise.resolve(NOTHING) })

let isInstalled = false
/** Of the queue of batches, which has none. */
const NO_WORKFLOWS = 'No workflows registered, not polling for workflow tasks'

/** Once in a process. Of its messages only those of trouble, and without what was passed. */
function sayWarnings(log: Logger): void {
  if (isInstalled) return
  isInstalled = true
  const say = ({ level, message }: LogEntry): void => {
    if (message !== NO_WORKFLOWS) log[level === 'ERROR' ? 'error' : 'warn']({ part: 'temporal' }, message)
  }
  Runtime.install({ logger: new DefaultLogger('WARN', say), shutdownSignals: [] })
}
