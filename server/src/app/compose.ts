import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
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
import { createHttpApp } from '../http/app.ts'
import { createHandlers } from '../http/handlers.ts'
import { createHttpServer } from '../http/server.ts'
import type { Logger } from '../log.ts'
import { createEvaluate } from '../search/evaluate.ts'
import { createFindMostSimilar } from '../search/find-most-similar.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import type { VectorStore } from '../store/store.ts'
import type { TaskEngine } from '../tasks/engine.ts'
import { openLocalEngine, type LocalEngine } from '../tasks/local/engine.ts'
import { openDataFolderLock } from '../tasks/local/lock.ts'
import { createCoverage } from '../vectorize/coverage.ts'
import { createEstimate } from '../vectorize/estimate.ts'
import { createKnownCoverage } from '../vectorize/known-coverage.ts'
import { modelsDirOf, type Config } from './config.ts'
import { Lifespan } from './lifespan.ts'
import { VERSION } from './version.ts'

/** What a caller of compose may bring itself: the demo's folder of documents, or a test's dependency with a fault. */
export interface Overrides {
  readonly source?: () => Promise<DocumentSource>
  readonly access?: AccessCheck
  readonly hydrator?: Hydrator
  readonly store?: () => Promise<VectorStore>
  readonly embedders?: () => Promise<Embedders>
  readonly engine?: (parts: EngineParts) => Promise<LocalEngine>
}

interface EngineParts { source: DocumentSource, store: VectorStore, embedders: Embedders }

export interface App extends AsyncDisposable {
  /** http://host:port as it listens. */
  readonly url: string
  readonly engine: TaskEngine
  close(): Promise<void>
}

/**
 * The composition root: opens the dependencies in order, wires the rooms, listens.
 * Where a later set-up fails, the earlier ones are undone, and the error goes on.
 */
export async function compose(config: Config, log: Logger, overrides: Overrides = {}): Promise<App> {
  const lifespan = new Lifespan(log)
  try {
    return await start(config, log, overrides, lifespan)
  } catch (error) {
    await lifespan.close().catch((late: unknown) => log.error({ name: late instanceof Error ? late.name : 'unknown' }, 'undoing the start failed'))
    throw error
  }
}

async function start(config: Config, log: Logger, overrides: Overrides, lifespan: Lifespan): Promise<App> {
  await makeDataDir(config.dataDir, log)
  // Before anything else touches the folder: opening the store clears away what a dead process has left.
  await lifespan.provide('data folder', () => openDataFolderLock(config.dataDir), lock => lock.close())
  const access = overrides.access ?? createAccessCheck({ url: config.datashareUrl, vectorizeRole: config.vectorizeRole, log })
  const hydrator = overrides.hydrator ?? createHydrator({ url: config.datashareUrl, log })
  const source = await lifespan.provide('documents', overrides.source ?? (() => openElasticsearchDocuments({ ...config.elasticsearch, log })), it => it.close())
  const store = await lifespan.provide('vector store', overrides.store ?? (() => openLanceStore({ folder: join(config.dataDir, 'vectors'), log })), it => it.close())
  const embedders = await lifespan.provide('embedder', overrides.embedders ?? (() => openEmbedders({ defaultModel: config.model, modelsDir: modelsDirOf(config.dataDir), threads: config.threads, device: config.device, log })), it => it.close())
  const openEngine = overrides.engine ?? ((parts: EngineParts) => openLocalEngine({ dataDir: config.dataDir, ...parts, batchesAtOnce: config.threads + 1, log }))
  const { engine, generations, measuredRate } = await lifespan.provide('task engine', () => openEngine({ source, store, embedders }), it => it.engine.close())

  const coverage = createCoverage({ source, store, generations })
  const known = createKnownCoverage({ coverage, store, generations })
  const findMostSimilar = createFindMostSimilar({ store, embedders, generations, hydrator, coverage: known.forSearch })
  const evaluate = createEvaluate({ store, embedders, generations })
  const estimate = createEstimate({ coverage, generations, embedders, measuredRate })
  const handlers = createHandlers({ version: VERSION, access, hydrator, source, store, embedders, generations, engine, coverage: known.forPage, estimate, evaluate, findMostSimilar })
  const app = createHttpApp(handlers, access, { ...config, version: VERSION }, log)
  const server = await lifespan.provide('http', () => listen(createHttpServer(app), config), stop)
  const url = urlOf(server, config.host)
  log.info({ url, version: VERSION }, 'companion listens')
  return { url, engine, close: () => lifespan.close(), [Symbol.asyncDispose]: () => lifespan.close() }
}

/**
 * Texts and vectors of a leak lie here: nobody else may read them, nor the files that are made from here on,
 * temporary ones and those of child processes included.
 */
async function makeDataDir(dataDir: string, log: Logger): Promise<void> {
  process.umask(0o077)
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    if (!await isOpenToOthers(dataDir)) return
    const entries = await readdir(dataDir)
    if (entries.length === 0 || entries.includes('ledger.db')) await chmod(dataDir, 0o700)
    // What else lies here belongs to somebody, who may have to reach it.
    else log.warn('the data folder can be entered by others; give the companion a folder of its own with SIMILARITY_DATA_DIR')
  } catch (error) {
    throw new SimilarityError('store_unreadable', { cause: error, detail: `The data folder ${dataDir} cannot be made, or not be closed to others.` })
  }
}

const isOpenToOthers = async (folder: string): Promise<boolean> => ((await stat(folder)).mode & 0o077) !== 0

function listen(server: Server, { host, port }: Config): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(new SimilarityError('configuration_wrong', { cause: error, detail: `SIMILARITY_HOST and SIMILARITY_PORT: cannot listen on ${host}:${port} (${codeOf(error)}).` })))
    server.listen(port, host, () => resolve(server))
  })
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.name)

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  // Requests under way get a moment to finish; then their connections are cut so that stopping always ends.
  const cut = setTimeout(() => server.closeAllConnections(), 3_000)
  await closed
  clearTimeout(cut)
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
