import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { projectName } from '../datashare/access.ts'
import type { Generations } from '../store/generation.ts'
import type { StoredPassage, VectorStore } from '../store/store.ts'
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import { openDatabase } from '../tasks/local/database.ts'
import { createGenerations } from '../tasks/local/generations.ts'
import { openClusterRecords } from '../tasks/temporal/records.ts'
import { aCaller } from './callers.ts'
import { log } from './chain.ts'

export interface StoredContent {
  readonly generations: number
  /** Rows on disk, a double one twice. */
  readonly documentRows: number
  readonly passageRows: number
  readonly documents: readonly { documentId: string, contentHash: string, extractionDate: string | null, status: string, passages: readonly StoredPassage[] }[]
}

/** All that a data folder holds of a project's current generation, vectors included, by document. No companion may run on it. */
export async function contentOf(dataDir: string, project: string): Promise<StoredContent> {
  await using opened = new AsyncDisposableStack()
  const store = await openLanceStore({ folder: join(dataDir, 'vectors'), log })
  opened.defer(() => store.close())
  const database = await openDatabase(dataDir)
  opened.defer(() => database.close())
  return await read(store, createGenerations(database), project)
}

/** The same of what a cluster keeps in Elasticsearch. */
export async function clusterContentOf(elasticsearch: { readonly url: string }, project: string): Promise<StoredContent> {
  await using opened = new AsyncDisposableStack()
  const store = await openElasticsearchStore({ ...elasticsearch, log })
  opened.defer(() => store.close())
  const records = await openClusterRecords(elasticsearch)
  opened.defer(() => records.close())
  return await read(store, records.projects, project)
}

async function read(store: VectorStore, generations: Generations, project: string): Promise<StoredContent> {
  const generation = await generations.current(projectName(project))
  if (generation === null) throw new Error(`${project} has no current generation`)
  const granted = aCaller('ada', project).grant(project)
  const rows = []
  for await (const page of store.rows(generation)) rows.push(...page)
  const documents = []
  for (const { documentId, contentHash, extractionDate, status } of rows.sort((one, other) => (one.documentId < other.documentId ? -1 : 1))) {
    documents.push({ documentId, contentHash, extractionDate, status, passages: await store.passagesOf(granted, generation, documentId) })
  }
  return { generations: (await generations.all(projectName(project))).length, documentRows: rows.length, passageRows: (await store.statistics(generation)).passages, documents }
}

/** Name, size and time of each file of a project's tables: other ones where anything was written. */
export async function tracesOf(dataDir: string, project: string): Promise<string[]> {
  const ledger = new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true })
  const ids = ledger.prepare('SELECT id FROM generations WHERE project = ?').all(project).map(({ id }) => String(id))
  ledger.close()
  const vectors = join(dataDir, 'vectors')
  const entries = (await readdir(vectors, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile() && ids.some(id => entry.parentPath.includes(id)))
  const lines = await Promise.all(entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const { size, mtimeMs } = await stat(path)
    return `${path} ${size} ${mtimeMs}`
  }))
  return lines.sort()
}

/** The same of a cluster: how often each of the project's indices was written to. */
export async function clusterTracesOf({ url }: { readonly url: string }, project: string): Promise<string[]> {
  const ask = async <T>(path: string): Promise<T> => await (await fetch(`${url}/${path}`)).json() as T
  const { _source: { generationIds } } = await ask<{ _source: { generationIds: string[] } }>(`datashare-similarity-projects-1/_doc/${project}`)
  const { indices } = await ask<{ indices: Record<string, { total: { indexing: { index_total: number, delete_total: number } } }> }>(`${generationIds.map(id => `datashare-similarity-*-${id}`).join(',')}/_stats/indexing`)
  return Object.entries(indices).map(([name, { total: { indexing } }]) => `${name} ${indexing.index_total} ${indexing.delete_total}`).sort()
}
