import type { DocumentSource } from '../datashare/source.ts'
import type { Embedders } from '../embedding/embedder.ts'
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.ts'
import type { TemporalAddress } from '../tasks/temporal/connection.ts'
import { openTemporalEngine } from '../tasks/temporal/engine.ts'
import { startTemporalWorker } from '../tasks/temporal/worker.ts'
import { aCaller } from './callers.ts'
import { log, looking, QUICK, type TestChain } from './chain.ts'
import { startElasticsearch } from './elasticsearch.ts'
import { createMemoryDocuments, type MemoryDocuments } from './memory-documents.ts'
import { startTemporal } from './temporal.ts'

/** A real Elasticsearch, a real Temporal, a companion's engine and a worker: started once, with projects of their own for each chain that is opened. */
export interface TemporalCluster<Datashare> extends AsyncDisposable {
  readonly datashare: Datashare
  readonly elasticsearch: { readonly url: string }
  readonly temporal: TemporalAddress
  open(embedders: Embedders): Promise<TestChain>
}

export async function startCluster<Datashare extends AsyncDisposable & { readonly url: string }>(
  kind: 'test' | 'full', startDatashare: (temporal: TemporalAddress) => Promise<Datashare>,
): Promise<TemporalCluster<Datashare>> {
  await using stack = new AsyncDisposableStack()
  const [elasticsearch, temporal] = await Promise.all([startElasticsearch(), startTemporal(kind)])
  stack.defer(() => temporal.stop())
  stack.defer(() => elasticsearch.stop())
  const datashare = stack.use(await startDatashare(temporal))
  let given: { source: MemoryDocuments, embedders: Embedders } | undefined
  const now = (): { source: MemoryDocuments, embedders: Embedders } => {
    if (given === undefined) throw new Error('no chain is open')
    return given
  }
  const source: DocumentSource = {
    scan: (...args) => now().source.scan(...args),
    fetch: (...args) => now().source.fetch(...args),
    count: (...args) => now().source.count(...args),
    ping: () => now().source.ping(),
    close: () => Promise.resolve(),
  }
  const embedders: Embedders = {
    get defaultModel() { return now().embedders.defaultModel },
    get: id => now().embedders.get(id),
    check: id => now().embedders.check(id),
    models: () => now().embedders.models(),
    close: () => Promise.resolve(),
  }
  const store = await openElasticsearchStore({ url: elasticsearch.url, log })
  stack.defer(() => store.close())
  const shared = { temporal, elasticsearch, datashareUrl: datashare.url, source, store, embedders, log }
  const opened = await openTemporalEngine(shared)
  stack.defer(() => opened.engine.close())
  const worker = await startTemporalWorker({ ...shared, batchesAtOnce: 3, patience: QUICK, retireAfterMs: 0 })
  stack.defer(() => worker.close())
  let count = 0
  const parts = stack.move()
  return {
    datashare,
    elasticsearch,
    temporal,
    open(embeddersOfChain) {
      count++
      const caller = aCaller('ada', `harbour-${count}`, `quay-${count}`)
      const [project, other] = [caller.grant(`harbour-${count}`), caller.grant(`quay-${count}`)]
      given = { source: createMemoryDocuments(), embedders: embeddersOfChain }
      const chain: TestChain = {
        ...opened, store, caller, project, other, source: given.source, ...looking(() => ({ ...opened, store }), project),
        [Symbol.asyncDispose]: () => opened.engine.idle(),
      }
      return Promise.resolve(chain)
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
