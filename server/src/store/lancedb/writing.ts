import type { Table } from '@lancedb/lancedb'
import type { Table as ArrowTable } from 'apache-arrow'
import { lastOfEach } from '../checks.ts'
import type { DocumentWrite, VectorStore } from '../store.ts'
import { retryConflicts } from './faults.ts'
import { ofDocuments } from './filter.ts'
import { toRowIds } from './reading.ts'
import { documentsTable, passagesTable, touchTable } from './schema.ts'
import type { GenerationTables } from './tables.ts'

/** Characters of content that go into one commit of rows: what travels to LanceDB is one buffer. */
const CONTENT_PER_COMMIT = 100_000_000

/** Replaces the passages of these documents, then writes their rows. */
export async function replaceDocuments({ passages, documents }: GenerationTables, dimensions: number, writes: readonly DocumentWrite[]): Promise<void> {
  const batch = lastOfEach(writes)
  const theirs = ofDocuments(batch.map(({ row }) => row.documentId))
  await replacePassages(passages, theirs, passagesTable(batch, dimensions))
  for (const part of byContent(batch)) await putRows(documents, ofDocuments(part.map(({ row }) => row.documentId)), documentsTable(part))
}

/**
 * Adds the new ones in one commit, and takes away the old ones in another. A merge would do both in one, but it reads the whole table for it,
 * vectors and all: of 60,000 passages 110 MB for one document. Between the two a search may find both; where a crash comes between them
 * the document's row is still the old one, or none, so that it is done again, and both go.
 */
async function replacePassages(passages: Table, theirs: string, added: ArrowTable): Promise<void> {
  const before = await lastRowId(passages, theirs)
  if (added.numRows > 0) await retryConflicts(async () => { await passages.add(added) })
  if (before !== null) await retryConflicts(() => passages.delete(`${theirs} AND _rowid <= ${before}`))
}

/** Ids of rows grow with each commit; only a compaction gives others, and none runs beside a write. */
async function lastRowId(table: Table, where: string): Promise<bigint | null> {
  let last: bigint | null = null
  for await (const batch of table.query().where(where).select([]).withRowId()) {
    for (const id of toRowIds(batch)) last = last === null || id > last ? id : last
  }
  return last
}

/** One commit. What is new is added: a merge looks through the ids of the whole table. Nothing comes between the look and the write, as writes run one at a time. */
async function putRows(documents: Table, theirs: string, rows: ArrowTable): Promise<void> {
  const isNew = await documents.countRows(theirs) === 0
  await retryConflicts(async () => {
    await (isNew ? documents.add(rows) : documents.mergeInsert(['documentId']).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows))
  })
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
