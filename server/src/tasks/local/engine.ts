import type { DocumentSource } from '../../datashare/source.ts'
import type { Embedders } from '../../embedding/embedder.ts'
import type { Logger } from '../../log.ts'
import type { VectorStore } from '../../store/store.ts'
import { PATIENCE, type PatienceOptions } from '../../vectorize/patience.ts'
import { createEngine, RETIRE_AFTER_MS, retireMisfits } from '../create-engine.ts'
import type { OpenedEngine } from '../engine.ts'
import { openDatabase } from './database.ts'
import { createGenerations } from './generations.ts'
import { createLedger } from './ledger.ts'
import { createRunner } from './runner.ts'
import { createTaskView } from './task-view.ts'

export interface LocalEngineOptions {
  readonly dataDir: string
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly log: Logger
  /** vectorize_docs tasks of one chain that run at the same time. */
  readonly batchesAtOnce?: number
  readonly defaultBatchSize?: number
  readonly patience?: PatienceOptions
  /** How long a replaced generation stays for the searches that still read it. */
  readonly retireAfterMs?: number
}

/**
 * The engine of one process, on a ledger in the data folder, which the caller has claimed. Chains that a crash or a stop has cut short go on by themselves.
 * @throws SimilarityError store_unreadable
 */
export async function openLocalEngine(options: LocalEngineOptions): Promise<OpenedEngine> {
  await using opened = new AsyncDisposableStack()
  const database = await openDatabase(options.dataDir)
  opened.defer(() => database.close())
  const ledger = createLedger(database)
  const generations = createGenerations(database)
  await retireMisfits({ ...options, generations })
  const runner = createRunner({ ...options, ledger, generations, patience: options.patience ?? PATIENCE, batchesAtOnce: options.batchesAtOnce ?? 2, retireAfterMs: options.retireAfterMs ?? RETIRE_AFTER_MS })
  opened.defer(() => runner.close())
  const view = createTaskView(database, runner.live)
  runner.open()
  const parts = opened.move()
  return {
    engine: createEngine({ ...options, kind: 'local', ledger, generations, runner, view, searches: null, ping: () => Promise.resolve(), close: () => parts.disposeAsync() }),
    generations,
    measuredRate: modelId => Promise.resolve(ledger.rate(modelId)),
    chains: () => Promise.resolve(ledger.chainsByState()),
  }
}
