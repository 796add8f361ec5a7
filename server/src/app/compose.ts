import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import type { AccessCheck } from '../datashare/access.ts'
import { createAccessCheck } from '../datashare/access-check.ts'
import { openElasticsearchDocuments } from '../datashare/elasticsearch-documents.ts'
import type { Hydrator } from '../datashare/hydrate.ts'
import { createHydrator } from '../datashare/hydrator.ts'
import type { DocumentSource } from '../datashare/source.ts'
import type { Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { createHttpApp, createMetricsApp } from '../http/app.ts'
import { createFairQueue, type FairQueue } from '../http/fair-queue.ts'
import { createHandlers, SEARCHES } from '../http/handlers.ts'
import { HttpServer, listenOn, stopServer } from '../http/server.ts'
import type { Logger } from '../log.ts'
import { createMetrics, type Metrics } from '../metrics.ts'
import { createEvaluate } from '../search/evaluate.ts'
import { createFindMostSimilar } from '../search/find-most-similar.ts'
import { knownLanguages } from '../search/languages.ts'
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.ts'
import type { Generations } from '../store/generation.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import type { VectorStore } from '../store/store.ts'
import type { OpenedEngine, TaskEngine } from '../tasks/engine.ts'
import { openLocalEngine } from '../tasks/local/engine.ts'
import { openDataFolderLock } from '../tasks/local/lock.ts'
import { installed } from '../tasks/temporal/connection.ts'
import { createCoverage } from '../vectorize/coverage.ts'
import { createEstimate } from '../vectorize/estimate.ts'
import { createKnownCoverage } from '../vectorize/known-coverage.ts'
import { dropLeftSnapshot } from './backup.ts'
import { demandStart } from './checks/checks.ts'
import { LOOPBACK, modelsDirOf, type Config } from './config.ts'
import { makeDataFolder, noteStore, VECTORS } from './data-folder.ts'
import { Lifespan } from './lifespan.ts'
import { measuredEmbedders, measuredFind, measuredHydrator, measuredLists, measuredWrites } from './measured.ts'
import { VERSION } from './version.ts'

/** What a caller of compose may bring itself: the demo's folder of documents, or a test's dependency with a fault. */
export interface Overrides {
  readonly source?: () => Promise<DocumentSource>
  readonly access?: AccessCheck
  readonly hydrator?: Hydrator
  readonly store?: () => Promise<VectorStore>
  readonly embedders?: () => Promise<Embedders>
  readonly engine?: (parts: EngineParts) => Promise<OpenedEngine>
}

interface EngineParts { source: DocumentSource, store: VectorStore, embedders: Embedders }

export interface App extends AsyncDisposable {
  /** http://host:port as it listens. */
  readonly url: string
  /** Where Prometheus finds the metrics; null where they are not served. */
  readonly metricsUrl: string | null
  readonly engine: TaskEngine
  close(): Promise<void>
}

/**
 * The composition root: opens the dependencies in order, wires the rooms, listens.
 * Where a later set-up fails, the earlier ones are undone, and the error goes on; so where the signal gives the start up, with its reason.
 */
export async function compose(config: Config, log: Logger, overrides: Overrides = {}, signal?: AbortSignal): Promise<App> {
  const lifespan = new Lifespan(log, signal)
  try {
    return await start(config, log, overrides, lifespan)
  } catch (error) {
    await lifespan.close().catch((late: unknown) => log.error({ name: late instanceof Error ? late.name : 'unknown' }, 'undoing the start failed'))
    throw error
  }
}

async function start(config: Config, log: Logger, overrides: Overrides, lifespan: Lifespan): Promise<App> {
  await makeDataFolder(config.dataDir)
  await demandStart(config, log)
  // Before anything else touches the folder: opening the store clears away what a dead process has left.
  await lifespan.provide('data folder', () => openDataFolderLock(config.dataDir), lock => lock.close())
  await noteStore(config)
  await dropLeftSnapshot(config.dataDir)
  const metrics = createMetrics(VERSION)
  const access = overrides.access ?? createAccessCheck({ url: config.datashareUrl, vectorizeRole: config.vectorizeRole, log })
  const hydrator = measuredHydrator(overrides.hydrator ?? createHydrator({ url: config.datashareUrl, log }), metrics)
  const source = await lifespan.provide('documents', overrides.source ?? (() => openElasticsearchDocuments({ ...config.elasticsearch, log })), it => it.close())
  const store = await lifespan.provide('vector store', overrides.store ?? (() => openStore(config, log)), it => it.close())
  const opened = await lifespan.provide('embedder', overrides.embedders ?? (() => openModels(config, log, lifespan)), it => it.close())
  const embedders = measuredEmbedders(opened, metrics)
  const openEngine = overrides.engine ?? ((parts: EngineParts) => engineOf(config, parts, log))
  const { engine, generations, measuredRate, chains } = await lifespan.provide('task engine', () => openEngine({ source, store: measuredWrites(store, metrics), embedders }), it => it.engine.close())

  const coverage = createCoverage({ source, store, generations })
  const known = createKnownCoverage({ coverage, source, store, generations })
  const languagesOf = knownLanguages({ store, embedders })
  const find = createFindMostSimilar({ store: measuredLists(store, metrics), embedders, generations, hydrator, languagesOf, coverage: known.forSearch }, fusion => metrics.timedAtOnce('fusion', fusion))
  const evaluate = createEvaluate({ store, embedders, generations, languagesOf })
  const estimate = createEstimate({ coverage, generations, embedders, measuredRate })
  const searches = createFairQueue(SEARCHES)
  const handlers = createHandlers({ version: VERSION, access, hydrator, source, store, embedders, generations, engine, coverage: known.forPage, estimate, evaluate, searches, findMostSimilar: measuredFind(find, metrics) })
  const closing = new AbortController()
  const app = createHttpApp(handlers, access, { ...config, version: VERSION, closing: closing.signal, metrics }, log)
  const metricsUrl = await serveMetrics({ searches, chains, generations, known }, metrics, config, log, lifespan)
  const server = await lifespan.provide('http', () => listenOn(new HttpServer(app), config), it => stopServer(it, closing))
  const url = urlOf(server, config.host)
  log.info({ url, version: VERSION }, 'companion listens')
  return { url, metricsUrl, engine, close: () => lifespan.close(), [Symbol.asyncDispose]: () => lifespan.close() }
}

async function engineOf(config: Config, parts: EngineParts, log: Logger): Promise<OpenedEngine> {
  if (config.engine === 'local') return openLocalEngine({ dataDir: config.dataDir, ...parts, batchesAtOnce: batchesAtOnce(config), log })
  const { openTemporalEngine } = await installed(() => import('../tasks/temporal/engine.ts'))
  return openTemporalEngine({ ...config, ...parts, log })
}

/** Each embeds one document at a time, so one more than the embedder takes at once: while those embed, it reads, or writes. */
const batchesAtOnce = ({ threads }: Config): number => threads + 1

export interface WorkerApp extends AsyncDisposable {
  /** Rejects where the worker fails. */
  readonly ended: Promise<void>
}

/** Takes part in the work of a cluster: the same dependencies as a companion's, without an address. Errors: those of the dependencies. */
export async function composeWorker(config: Config, log: Logger, overrides: Pick<Overrides, 'source' | 'embedders'> = {}, signal?: AbortSignal): Promise<WorkerApp> {
  if (config.engine !== 'temporal') throw new SimilarityError('configuration_wrong', { detail: 'A worker is for SIMILARITY_ENGINE=temporal: with the local engine the companion itself does the work.' })
  const lifespan = new Lifespan(log, signal)
  try {
    const { startTemporalWorker } = await installed(() => import('../tasks/temporal/worker.ts'))
    const source = await lifespan.provide('documents', overrides.source ?? (() => openElasticsearchDocuments({ ...config.elasticsearch, log })), it => it.close())
    const store = await lifespan.provide('vector store', () => openStore(config, log), it => it.close())
    const embedders = await lifespan.provide('embedder', overrides.embedders ?? (() => openModels(config, log, lifespan)), it => it.close())
    const worker = await lifespan.provide('worker', () => startTemporalWorker({ ...config, source, store, embedders, log, batchesAtOnce: batchesAtOnce(config) }), it => it.close())
    return { ended: worker.ended, [Symbol.asyncDispose]: () => lifespan.close() }
  } catch (error) {
    await lifespan.close()
    throw error
  }
}

const openModels = (config: Config, log: Logger, { signal }: Lifespan): Promise<Embedders> =>
  openEmbedders({ defaultModel: config.model, modelsDir: modelsDirOf(config.dataDir), threads: config.threads, device: config.device, log, signal })

const openStore = ({ store, dataDir, elasticsearch }: Config, log: Logger): Promise<VectorStore> =>
  store === 'elasticsearch' ? openElasticsearchStore({ ...elasticsearch, log }) : openLanceStore({ folder: join(dataDir, VECTORS), log })

interface Measured {
  readonly searches: FairQueue
  readonly chains: OpenedEngine['chains']
  readonly generations: Generations
  readonly known: ReturnType<typeof createKnownCoverage>
}

/** On a port of its own and on loopback, where one is set: null where none is. */
async function serveMetrics({ searches, chains, generations, known }: Measured, metrics: Metrics, { metricsPort }: Config, log: Logger, lifespan: Lifespan): Promise<string | null> {
  if (metricsPort === null) return null
  metrics.scraped({
    searches: () => searches,
    chains,
    coverage: async () => {
      const compared = [...known.lastKnown()].map(async ([project, { coverage }]) => ({ generation: (await generations.current(project))?.id, coverage }))
      return (await Promise.all(compared)).flatMap(({ generation, coverage }) => (generation === undefined ? [] : [{ generation, coverage }]))
    },
  })
  const app = createMetricsApp(metrics, LOOPBACK, log)
  const server = await lifespan.provide('metrics', () => listenOn(new HttpServer(app), { host: '127.0.0.1', port: metricsPort }, 'SIMILARITY_METRICS_PORT'), it => stopServer(it, new AbortController()))
  const url = `${urlOf(server, '127.0.0.1')}/metrics`
  log.info({ url }, 'metrics are served')
  return url
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
