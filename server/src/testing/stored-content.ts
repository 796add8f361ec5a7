import { join } from 'node:path'
import { projectName } from '../datashare/access.ts'
import type { StoredPassage } from '../store/store.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import { openDatabase } from '../tasks/local/database.ts'
import { createGenerations } from '../tasks/local/generations.ts'
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
  const generations = createGenerations(database)
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
