import type { MergeInsertBuilder, Table } from '@lancedb/lancedb'
import type { Table as ArrowTable } from 'apache-arrow'
import { lastOfEach } from '../checks.ts'
import type { DocumentWrite, VectorStore } from '../store.ts'
import { retryConflicts } from './faults.ts'
import { ofDocuments } from './filter.ts'
import { documentsTable, passagesTable, touchTable } from './schema.ts'
import type { GenerationTables } from './tables.ts'

/** Characters of content that go into one commit of rows: what travels to LanceDB is one buffer. */
const CONTENT_PER_COMMIT = 100_000_000

/** Replaces the passages of these documents in one commit, then writes their rows. */
export async function replaceDocuments({ passages, documents }: GenerationTables, dimensions: number, writes: readonly DocumentWrite[]): Promise<void> {
  const batch = lastOfEach(writes)
  const theirs = ofDocuments(batch.map(({ row }) => row.documentId))
  const newPassages = passagesTable(batch, dimensions)
  await put(passages, theirs, newPassages, () => passages.mergeInsert(['documentId', 'ordinal'])
    .whenMatchedUpdateAll().whenNotMatchedInsertAll().whenNotMatchedBySourceDelete({ where: theirs }))
  for (const part of byContent(batch)) {
    await put(documents, ofDocuments(part.map(({ row }) => row.documentId)), documentsTable(part), () => documents.mergeInsert(['documentId'])
      .whenMatchedUpdateAll().whenNotMatchedInsertAll())
  }
}

/**
 * One commit either way. What is new is added: a merge reads the whole table into memory, vectors and all.
 * Nothing comes between the look and the write, as writes run one at a time.
 */
async function put(table: Table, theirs: string, rows: ArrowTable, merge: () => MergeInsertBuilder): Promise<void> {
  const isNew = await table.countRows(theirs) === 0
  await retryConflicts(async () => { await (isNew ? table.add(rows) : merge().execute(rows)) })
}

function byContent(batch: readonly DocumentWrite[]): DocumentWrite[][] {
  const parts: DocumentWrite[][] = [[]]
  let characters = 0
  for (const write of batch) {
    characters += write.content.length + write.stems.length
    if (characters > CONTENT_PER_COMMIT && parts.at(-1)?.length !== 0) {
      parts.push([])
      characters = write.content.length + write.stems.length
    }
    parts.at(-1)?.push(write)
  }
  return parts
}

export async function touchDocuments({ documents }: GenerationTables, rows: Parameters<VectorStore['touch']>[1]): Promise<void> {
  const latest = touchTable([...new Map(rows.map(row => [row.documentId, row])).values()])
  await retryConflicts(() => documents.mergeInsert(['documentId']).whenMatchedUpdateAll().execute(latest))
}

/** Passages first: should it stop in between, the rows are left to say that there is something to remove. */
export async function removeDocuments({ passages, documents }: GenerationTables, documentIds: readonly string[]): Promise<void> {
  const theirs = ofDocuments(documentIds)
  await retryConflicts(() => passages.delete(theirs))
  await retryConflicts(() => documents.delete(theirs))
}
