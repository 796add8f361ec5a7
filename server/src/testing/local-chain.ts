import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Embedders } from '../embedding/embedder.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import type { CacheBytes } from '../store/lancedb/tables.ts'
import type { VectorStore } from '../store/store.ts'
import type { OpenedEngine } from '../tasks/engine.ts'
import { openLocalEngine } from '../tasks/local/engine.ts'
import { aCaller } from './callers.ts'
import { log, looking, QUICK, type TestChain } from './chain.ts'
import { createMemoryDocuments, type MemoryDocuments } from './memory-documents.ts'

/** The real store, ledger and engine in a folder of their own. */
export interface LocalChain extends TestChain {
  readonly dataDir: string
  /** Closes engine and store, and opens them again on the same folder. */
  reopen(): Promise<void>
}

export async function openLocalChain(embedders: Embedders, options: { source?: MemoryDocuments, dataDir?: string, batchesAtOnce?: number, cacheBytes?: CacheBytes | undefined } = {}): Promise<LocalChain> {
  const dataDir = options.dataDir ?? await mkdtemp(join(tmpdir(), 'similarity-chain-'))
  const source = options.source ?? createMemoryDocuments()
  const caller = aCaller('ada', 'harbour', 'quay')
  const [project, other] = [caller.grant('harbour'), caller.grant('quay')]
  const open = async (): Promise<{ store: VectorStore } & OpenedEngine> => {
    const store = await openLanceStore({ folder: join(dataDir, 'vectors'), log, cacheBytes: options.cacheBytes })
    return { store, ...await openLocalEngine({ dataDir, source, store, embedders, log, patience: QUICK, batchesAtOnce: options.batchesAtOnce ?? 2, retireAfterMs: 0 }) }
  }
  let opened = await open()
  const close = async (): Promise<void> => {
    await opened.engine.close()
    await opened.store.close()
  }
  return {
    get engine() { return opened.engine },
    get generations() { return opened.generations },
    get measuredRate() { return opened.measuredRate },
    get chains() { return opened.chains },
    get store() { return opened.store },
    dataDir, source, caller, project, other,
    ...looking(() => opened, project),
    async reopen() {
      await close()
      opened = await open()
    },
    async [Symbol.asyncDispose]() {
      await close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
