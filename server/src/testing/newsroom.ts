import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { FINISHED_STATES, type Task } from '@datashare-similarity/shared'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import { aDocument, createProjectIndex, indexDocuments, startElasticsearch, type IndexedDocument, type TestElasticsearch } from './elasticsearch.ts'
import type { Engine } from './engines.ts'
import { serveHttp } from './http.ts'
import { prose } from './memory-documents.ts'
import { serveCompanion, startWorker, type ServedCompanion, type ServedOptions, type StartedWorker } from './served-companion.ts'
import { clusterContentOf, clusterTracesOf, contentOf, tracesOf, type StoredContent } from './stored-content.ts'
import { clusterEnv, startTemporal } from './temporal.ts'

/** With Temporal a companion and the worker beside it, which are killed and stopped together. */
export interface Served extends ServedCompanion {
  readonly processes: readonly StartedWorker[]
}

/** A real Elasticsearch, a stand-in of Datashare in LOCAL mode in front of it, and companions as processes of their own. */
export interface Newsroom extends AsyncDisposable {
  readonly elasticsearch: TestElasticsearch
  readonly datashareUrl: string
  /** Makes a project with these documents in it. */
  addProject(name: string, documents: readonly IndexedDocument[]): Promise<void>
  /** A folder that goes with the newsroom; nothing is in it yet. */
  newFolder(): Promise<string>
  serve(options?: Partial<ServedOptions>): Promise<Served>
  /** Of a data folder no companion may run on. */
  contentOf(dataDir: string, project: string): Promise<StoredContent>
  /** What is another one after anything was written of a project. */
  tracesOf(dataDir: string, project: string): Promise<string[]>
}

export async function openNewsroom(engine: Engine = 'local'): Promise<Newsroom> {
  await using opened = new AsyncDisposableStack()
  const elasticsearch = await startElasticsearch()
  opened.defer(() => elasticsearch.stop())
  const temporal = engine === 'temporal' ? await startTemporal('full') : null
  opened.defer(() => temporal?.stop())
  const datashare = opened.use(await serveHttp(express().use(createDatashareStandIn({ mode: 'LOCAL', documents: { elasticsearchUrl: elasticsearch.url } }))))
  const newFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'similarity-newsroom-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    return folder
  }
  const stack = opened.move()
  return {
    elasticsearch,
    datashareUrl: datashare.url,
    async addProject(name, documents) {
      await createProjectIndex(elasticsearch.url, name)
      await indexDocuments(elasticsearch.url, name, documents)
    },
    newFolder,
    async serve(options = {}) {
      const all = { dataDir: options.dataDir ?? await newFolder(), datashareUrl: datashare.url, elasticsearchUrl: elasticsearch.url, ...options }
      if (temporal === null) return alone(stack.use(await serveCompanion(all)))
      const clustered = { ...all, env: { ...clusterEnv(temporal), ...all.env } }
      const [companion, worker] = await Promise.all([serveCompanion(clustered), startWorker({ ...clustered, dataDir: await newFolder() })])
      return together(stack.use(companion), stack.use(worker))
    },
    contentOf: (dataDir, project) => (temporal === null ? contentOf(dataDir, project) : clusterContentOf(elasticsearch, project)),
    tracesOf: (dataDir, project) => (temporal === null ? tracesOf(dataDir, project) : clusterTracesOf(elasticsearch, project)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const alone = (companion: ServedCompanion): Served => ({ ...companion, processes: [companion] })

const together = (companion: ServedCompanion, worker: StartedWorker): Served => ({
  ...companion,
  processes: [companion, worker],
  said: () => companion.said() + worker.said(),
  kill: async () => { await Promise.all([companion.kill(), worker.kill()]) },
  async stop() {
    const codes = await Promise.all([companion.stop(), worker.stop()])
    return codes.find(code => code !== 0) ?? 0
  },
})

/** So many documents of prose, the same for the same numbers. */
export const files = (count: number, characters: number, from = 1): IndexedDocument[] =>
  Array.from({ length: count }, (_, index) => aDocument({ path: `/vault/file-${from + index}.txt`, content: prose(from + index, characters) }))

export const isFinished = ({ state }: Task): boolean => (FINISHED_STATES as readonly string[]).includes(state)

/** Looks at a task again and again, as fast as it goes, until it is as wanted. @throws Error where it ends before */
export async function untilTask({ client }: ServedCompanion, id: string, isWanted: (task: Task) => boolean): Promise<Task> {
  for (;;) {
    const { body } = await client.call<Task>('GET', `/api/tasks/${id}`)
    if (isWanted(body)) return body
    if (isFinished(body)) throw new Error(`the task ended as ${body.state}: ${JSON.stringify(body.error ?? body.counts)}`)
  }
}
