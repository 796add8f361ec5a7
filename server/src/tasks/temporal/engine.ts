import { SimilarityError, type Task } from '@datashare-similarity/shared'
import type { ElasticsearchConnection } from '../../datashare/elasticsearch-client.ts'
import type { DocumentSource } from '../../datashare/source.ts'
import type { Embedders } from '../../embedding/embedder.ts'
import type { Logger } from '../../log.ts'
import type { VectorStore } from '../../store/store.ts'
import { createEngine, isFinished, retireMisfits, type EngineRunner, type EngineView } from '../create-engine.ts'
import type { OpenedEngine } from '../engine.ts'
import type { Counts } from '../rows.ts'
import { etaRange, SHOWN_CHILDREN, SHOWN_FAILURES, toTask, type TaskFacts } from '../task-view.ts'
import { openTemporalClient, type TemporalClient } from './client.ts'
import type { TemporalAddress } from './connection.ts'
import { workflowArgs, type ClusterLedger, type TaskRecord } from './ledger.ts'
import { openClusterRecords } from './records.ts'
import { createSearchTasks } from './searches.ts'
import { createSightings } from './sightings.ts'
import { starting, type Started } from './start.ts'

export interface TemporalEngineOptions {
  readonly temporal: TemporalAddress
  readonly elasticsearch: ElasticsearchConnection
  readonly datashareUrl: string
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly log: Logger
  readonly defaultBatchSize?: number
}

/** A start that went wrong half-way is settled when it was seen to be for so long. */
const LOST_MS = 60_000
const SETTLED_MS = 5_000

/**
 * The engine of a cluster: chains are workflows, which workers run; what is known of them stands in records that all share.
 * @throws SimilarityError temporal_unreachable | configuration_wrong, and those of Elasticsearch
 */
export async function openTemporalEngine(options: TemporalEngineOptions): Promise<OpenedEngine> {
  await using opened = new AsyncDisposableStack()
  const records = await openClusterRecords(options.elasticsearch)
  opened.defer(() => records.close())
  const { ledger, projects } = records
  const temporal = await openTemporalClient(options.temporal)
  opened.defer(() => temporal.close())
  await retireMisfits({ ...options, generations: projects })
  const settled = settling(ledger, temporal)
  const start = starting(temporal, options.datashareUrl, options.temporal.namespace)
  const runner = createRunner(start, options.log, ledger, temporal, settled)
  opened.defer(() => runner.close())
  const parts = opened.move()
  return {
    engine: createEngine({
      ...options,
      kind: 'temporal',
      generations: projects,
      runner,
      view: createView(ledger, temporal, settled),
      searches: createSearchTasks(records.searches, temporal, start),
      ping: () => temporal.ping(),
      close: () => parts.disposeAsync(),
      ledger: {
        ...ledger,
        get: async id => settled(await ledger.get(id)),
        latestChain: async project => settled(await ledger.latestChain(project)),
        async runningChain(project) {
          const chain = await settled(await ledger.runningChain(project))
          return chain === null || isFinished(chain) ? null : chain
        },
      },
    }),
    generations: projects,
    measuredRate: modelId => ledger.measuredRate(modelId),
    chains: () => ledger.chainsByState(),
  }
}

type Settled = (chain: TaskRecord | null) => Promise<TaskRecord | null>

/**
 * Datashare stops a task by terminating its workflow, which then writes nothing any more: so a chain whose workflow has ended is ended here, by whoever looks first.
 * Where Temporal does not answer, the record is what is known.
 */
const settling = (ledger: ClusterLedger, temporal: TemporalClient, sightings = createSightings()): Settled => async (chain) => {
  if (chain === null || chain.parent !== null || isFinished(chain)) return chain
  const status = await temporal.status(chain.id).catch(() => 'RUNNING' as const)
  if (status === 'RUNNING') return chain
  if (status === null && sightings.unchangedFor(chain.id, 'unknown to Temporal') < LOST_MS) return chain
  // It may have written its end since.
  const latest = await ledger.get(chain.id)
  if (latest === null || isFinished(latest)) return latest
  if (status === 'TERMINATED' || status === 'CANCELLED') await ledger.end(latest, 'CANCELLED')
  else await ledger.end(latest, 'ERROR', { code: 'task_lost', detail: `Temporal says of its workflow: ${status ?? 'unknown'}.` })
  return ledger.get(chain.id)
}

function createRunner(start: Started, log: Logger, ledger: ClusterLedger, temporal: TemporalClient, settled: Settled): EngineRunner & { close(): void } {
  const closing = new AbortController()
  const started = new Set<string>()

  return {
    closing: closing.signal,
    async run(row, { caller }) {
      const chain = await ledger.get(row.id)
      if (chain === null) throw new SimilarityError('task_unknown')
      try {
        const args = workflowArgs({ project: chain.project, mode: chain.mode, args: await ledger.chainArgs(chain.id), createdBy: chain.created_by })
        await start(caller, { id: chain.id, name: chain.name, args: { ...args } })
      } catch (error) {
        // Where only the answer was lost the workflow is there, and does its work.
        const isThere = await temporal.status(chain.id).then(status => status !== null, () => false)
        if (!isThere) {
          await ledger.withdraw(chain)
          throw error
        }
      }
      started.add(chain.id)
      log.info({ taskId: chain.id, project: chain.project, mode: chain.mode }, 'chain queued')
      // Cancelled before there was a workflow. Where that fails it can be asked for again.
      if ((await ledger.get(chain.id))?.cancelling === true) await temporal.cancel(chain.id).catch(() => ledger.change(chain.id, { cancelling: false }))
    },
    async cancel({ id }) {
      const wasKnown = await temporal.cancel(id)
      await ledger.change(id, { cancelling: true })
      if (wasKnown) return
      // It may be starting: either it is known now, or whoever starts it finds that note.
      const isKnown = await temporal.cancel(id)
      if (!isKnown) await settled(await ledger.get(id))
    },
    async idle() {
      await Promise.all([...started].map(chain => temporal.ended(chain)))
    },
    close: () => closing.abort(new SimilarityError('shutting_down')),
  }
}

function createView(ledger: ClusterLedger, temporal: TemporalClient, settled: Settled): EngineView {
  const show = async (chain: TaskRecord): Promise<Task> => {
    const [counts, states, { records: children }, failing, waitingFor] = await Promise.all([
      ledger.countsOfBatches(chain.id),
      ledger.batchStates(chain.id),
      ledger.batches(chain.id, 0, SHOWN_CHILDREN),
      ledger.failedBatches(chain.id, SHOWN_FAILURES),
      isFinished(chain) ? null : whatFor(ledger, temporal, chain),
    ])
    return toTask({ ...chain, phase: phaseOf(chain) }, {
      ...NOTHING_KNOWN,
      ...waitingFor === null && paceOf(chain, counts),
      counts,
      waitingFor,
      scanned: chain.scanned,
      children: children.map(({ id, state }) => ({ id, state })),
      childCounts: { total: Object.values(states).reduce((sum, count) => sum + count, 0), done: states['DONE'] ?? 0, error: states['ERROR'] ?? 0 },
      failures: failing.flatMap(({ failures }) => failures).slice(0, SHOWN_FAILURES),
    })
  }
  const showBatch = (batch: TaskRecord): Task => toTask(batch, { ...NOTHING_KNOWN, counts: batch, waitingFor: batch.waiting_for, failures: batch.failures.slice(0, SHOWN_FAILURES) })
  const showRecord = async (record: TaskRecord): Promise<Task> => (record.parent === null ? show(record) : showBatch(record))

  return {
    async show({ id }) {
      const record = await ledger.get(id)
      if (record === null) throw new SimilarityError('task_unknown')
      return showRecord(record)
    },
    async page(projects, { from, size }, parent) {
      const { records, total } = parent === undefined ? await ledger.chains(projects, { from, size }) : await ledger.batches(parent, from, size)
      const shown = parent === undefined ? await Promise.all(records.map(settled)) : records
      return { tasks: await Promise.all(shown.flatMap(record => (record === null ? [] : [showRecord(record)]))), total }
    },
  }
}

const NOTHING_KNOWN: Omit<TaskFacts, 'counts'> = {
  children: [], childCounts: { total: 0, done: 0, error: 0 }, failures: [], scanned: 0, weightInFlight: 0, waitingFor: null, rate: null, etaSeconds: null,
}

const phaseOf = ({ cancelling, state, phase }: TaskRecord): TaskRecord['phase'] => (cancelling && (state === 'RUNNING' || state === 'QUEUED') ? 'cancelling' : phase)

/** What an unfinished chain waits for: its own step, one of its batches, a worker, or Temporal itself. Where Elasticsearch has no room, no step can note it. */
async function whatFor(ledger: ClusterLedger, temporal: TemporalClient, chain: TaskRecord): Promise<string | null> {
  try {
    if (!await temporal.hasWorkers()) return 'worker'
  } catch {
    return 'temporal'
  }
  return chain.waiting_for ?? await ledger.waitingBatch(chain.id) ?? (await ledger.takesWrites() ? null : 'disk')
}

/** By all that was embedded since it began; after a few seconds. */
function paceOf({ phase, embedding_since: since }: TaskRecord, { done, empty, failed, weight, weight_done: weightDone }: Counts): Pick<TaskFacts, 'rate' | 'etaSeconds'> {
  const ms = since === null ? 0 : Date.now() - Date.parse(since)
  if (phase !== 'embedding' || ms < SETTLED_MS || weightDone === 0) return { rate: null, etaSeconds: null }
  return {
    rate: Math.round((done + empty + failed) * 600_000 / ms) / 10,
    etaSeconds: etaRange(Math.max(0, weight - weightDone) / weightDone * ms / 1_000),
  }
}
