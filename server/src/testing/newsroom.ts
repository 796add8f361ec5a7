import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { FINISHED_STATES, type Task } from '@datashare-similarity/shared'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import { aDocument, createProjectIndex, indexDocuments, startElasticsearch, type IndexedDocument, type TestElasticsearch } from './elasticsearch.ts'
import { serveHttp } from './http.ts'
import { prose } from './memory-documents.ts'
import { serveCompanion, type ServedCompanion, type ServedOptions } from './served-companion.ts'

/** A real Elasticsearch, a stand-in of Datashare in LOCAL mode in front of it, and companions as processes of their own. */
export interface Newsroom extends AsyncDisposable {
  readonly elasticsearch: TestElasticsearch
  readonly datashareUrl: string
  /** Makes a project with these documents in it. */
  addProject(name: string, documents: readonly IndexedDocument[]): Promise<void>
  /** A folder that goes with the newsroom; nothing is in it yet. */
  newFolder(): Promise<string>
  serve(options?: Partial<ServedOptions>): Promise<ServedCompanion>
}

export async function openNewsroom(): Promise<Newsroom> {
  await using opened = new AsyncDisposableStack()
  const elasticsearch = await startElasticsearch()
  opened.defer(() => elasticsearch.stop())
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
      return stack.use(await serveCompanion({ dataDir: options.dataDir ?? await newFolder(), datashareUrl: datashare.url, elasticsearchUrl: elasticsearch.url, ...options }))
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

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
