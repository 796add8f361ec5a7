import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { DEFAULT_PORT } from '@datashare-similarity/shared'
import { compose, type App, type Overrides } from '../app/compose.ts'
import { readConfig, type Config } from '../app/config.ts'
import { Lifespan } from '../app/lifespan.ts'
import { openFolderDocuments, type FolderDocuments } from '../datashare/folder.ts'
import { createLogger, type Logger } from '../log.ts'
import { createDatashareStandIn, type StandInOptions } from './datashare-stand-in.ts'
import { createDemoPage } from './page.ts'

const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url))
const PAGE_PORT = DEFAULT_PORT + 1

export interface DemoOptions {
  /** Documents from a real Elasticsearch instead of the bundled folder. */
  readonly elasticsearchUrl?: string
  /** Who may sign in; without it everyone is `local`, as in Datashare's LOCAL mode. */
  readonly standIn?: Partial<Pick<StandInOptions, 'mode' | 'users'>>
  readonly overrides?: Overrides
  /** 0 for any free port. */
  readonly pagePort?: number
}

export interface Demo extends AsyncDisposable {
  readonly pageUrl: string
  readonly companionUrl: string
  readonly app: App
}

/**
 * The companion over a sample collection, and a stand-in of Datashare that serves a page with the built plugin.
 * Loopback only: whoever reaches it is let in. Vectors go to a temporary folder that is removed at the end, unless SIMILARITY_DATA_DIR names one.
 */
export async function openDemo(env: Readonly<Record<string, string | undefined>>, options: DemoOptions = {}): Promise<Demo> {
  const { logLevel } = readConfig({ SIMILARITY_LOG_LEVEL: 'warn', ...env })
  const log = createLogger(logLevel)
  const lifespan = new Lifespan(log)
  try {
    return await start(env, options, log, lifespan)
  } catch (error) {
    await lifespan.close()
    throw error
  }
}

async function start(env: Readonly<Record<string, string | undefined>>, options: DemoOptions, log: Logger, lifespan: Lifespan): Promise<Demo> {
  const dataDir = env['SIMILARITY_DATA_DIR'] ?? await lifespan.provide('data folder', () => mkdtemp(join(tmpdir(), 'datashare-similarity-')), folder => rm(folder, { recursive: true, force: true }))
  const folder = options.elasticsearchUrl === undefined ? await openFolderDocuments(join(CHECKOUT, 'e2e', 'collection')) : undefined
  const settings: Record<string, string> = {}
  const standIn = await lifespan.provide('stand-in', () => listenNear(pageApp(options, folder, settings), options.pagePort ?? PAGE_PORT), close)
  const pageUrl = `http://localhost:${portOf(standIn)}`
  const config: Config = {
    ...readConfig({ ...env, DATASHARE_URL: pageUrl, SIMILARITY_DATA_DIR: dataDir, ...(options.elasticsearchUrl === undefined ? {} : { ELASTICSEARCH_URL: options.elasticsearchUrl }) }),
    host: '127.0.0.1',
  }
  const overrides = { ...(folder === undefined ? {} : { source: () => Promise.resolve(folder) }), ...options.overrides }
  const app = await lifespan.provide('companion', () => composeNear(config, log, overrides), it => it.close())
  const companionUrl = app.url.replace('127.0.0.1', 'localhost')
  settings['similarityServer'] = companionUrl
  return { pageUrl, companionUrl, app, [Symbol.asyncDispose]: () => lifespan.close() }
}

function pageApp(options: DemoOptions, folder: FolderDocuments | undefined, settings: Record<string, string>): express.Express {
  const app = express()
  const documents = folder ?? { elasticsearchUrl: options.elasticsearchUrl ?? '' }
  app.use(createDatashareStandIn({ mode: 'LOCAL', ...options.standIn, documents, settings }))
  app.use(createDemoPage({ pageDir: join(CHECKOUT, 'e2e', 'demo-host', 'dist'), pluginDir: join(CHECKOUT, 'plugin') }))
  return app
}

/** The usual port where it is free, else any: somebody's real companion may run beside the demo. */
async function composeNear(config: Config, log: Logger, overrides: Overrides): Promise<App> {
  return compose({ ...config, port: await isFree(config.port) ? config.port : 0 }, log, overrides)
}

async function listenNear(app: express.Express, port: number): Promise<Server> {
  return listen(createServer(app), await isFree(port) ? port : 0)
}

async function isFree(port: number): Promise<boolean> {
  try {
    await close(await listen(createServer(), port))
    return true
  } catch {
    return false
  }
}

function listen(server: Server, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port
