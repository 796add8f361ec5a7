import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FINISHED_STATES, type Task } from '@datashare-similarity/shared'
import { compose, type App } from 'datashare-similarity/app/compose'
import { readConfig } from 'datashare-similarity/app/config'
import { openFolderDocuments } from 'datashare-similarity/datashare/folder'
import { openDemo, type Demo, type DemoOptions } from 'datashare-similarity/demo/demo'
import { createLogger } from 'datashare-similarity/log'

export const ROOT = join(import.meta.dirname, '../..')
export const COLLECTION = join(ROOT, 'e2e', 'collection')

type Env = Readonly<Record<string, string>>

// One process for documents: slow enough for a reader to see how far a vectorization is.
const ENV: Env = { SIMILARITY_PORT: '0', SIMILARITY_LOG_LEVEL: 'silent', SIMILARITY_THREADS: '1' }

/** The built companion, the stand-in of Datashare and its page with the built plugin, on free ports of the loopback. */
export function startDemo(options: DemoOptions = {}, env: Env = {}): Promise<Demo> {
  return openDemo({ ...ENV, ...env }, { pagePort: 0, ...options })
}

export interface InterruptibleDemo extends AsyncDisposable {
  readonly demo: Demo
  /** Nothing answers at the companion's address any more; the page stays. */
  stopCompanion(): Promise<void>
  /** Another one, at the same address and on the same data folder. */
  startCompanion(): Promise<void>
}

/** A demo whose companion can go away and come back. */
export async function startInterruptibleDemo(): Promise<InterruptibleDemo> {
  const dataDir = await mkdtemp(join(tmpdir(), 'similarity-e2e-'))
  const demo = await startDemo({}, { SIMILARITY_DATA_DIR: dataDir })
  const config = { ...readConfig({ ...ENV, DATASHARE_URL: demo.pageUrl, SIMILARITY_DATA_DIR: dataDir, SIMILARITY_PORT: new URL(demo.companionUrl).port }), host: '127.0.0.1' }
  let running: App | null = demo.app
  const stopCompanion = async (): Promise<void> => {
    await running?.close()
    running = null
  }
  return {
    demo,
    stopCompanion,
    async startCompanion() {
      running ??= await compose(config, createLogger('silent'), { source: () => openFolderDocuments(COLLECTION) })
    },
    async [Symbol.asyncDispose]() {
      await stopCompanion()
      await demo[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Vectorizes a project as a command line would, and waits for the end. */
export async function vectorize(demo: Demo, project: string): Promise<void> {
  const answer = await fetch(`${demo.companionUrl}/api/projects/${project}/vectorize`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
  let { task } = await answer.json() as { task: Task }
  while (!FINISHED_STATES.some(state => state === task.state)) {
    await new Promise(resolve => setTimeout(resolve, 100))
    task = await (await fetch(`${demo.companionUrl}/api/tasks/${task.id}`)).json() as Task
  }
  if (task.state !== 'DONE') throw new Error(`The vectorization of ${project} ended as ${task.state}`)
}

interface DocumentPage { items: { _id: string, _routing: string, _source: { path: string, title: string } }[] }

/** The address, in the page, of a document of the sample collection. */
export async function addressOf(demo: Demo, project: string, path: string): Promise<string> {
  const answer = await fetch(`${demo.pageUrl}/demo/documents?project=${project}&size=1000`)
  const { items } = await answer.json() as DocumentPage
  const found = items.find(({ _source }) => _source.path === `/vault/${project}/${path}`)
  if (found === undefined) throw new Error(`${path} is not in ${project}`)
  return `/#/ds/${project}/${found._id}/${found._routing}?q=&indices=${project}`
}
