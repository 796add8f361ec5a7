import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Table } from '@lancedb/lancedb'
import { isMissing, retryConflicts } from './faults.ts'

/**
 * A row that was removed or replaced is only marked so: its bytes stay until its fragment is written anew, which LanceDB
 * does by itself where a tenth of it is gone. In tables up to this size that is done at once; beyond, it would cost too much.
 */
const ROWS_AT_MOST = 50_000

/**
 * Writes the fragments anew that hold removed rows. What it makes old goes with the next compaction.
 * @returns whether there were any
 */
export async function rewriteRemoved(folder: string, name: string, table: Table): Promise<boolean> {
  if (await table.countRows() > ROWS_AT_MOST) return false
  // Not `table.name`: LanceDB throws where another call on the table is under way.
  const fragments = await fragmentsWithRemovals(join(folder, `${name}.lance`, '_deletions'))
  for (const fragment of fragments) await rewrite(table, fragment)
  return fragments.length > 0
}

/** A file here is named after its fragment: `<fragment>-<version>-<id>.arrow` or `.bin`. */
async function fragmentsWithRemovals(folder: string): Promise<bigint[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const numbers = names.flatMap(name => /^(\d+)-/.exec(name)?.[1] ?? [])
  return [...new Set(numbers)].map(BigInt)
}

/** An update writes a row to a new fragment. A row's id begins with the number of its fragment. */
async function rewrite(table: Table, fragment: bigint): Promise<void> {
  const where = `_rowid >= ${fragment << 32n} AND _rowid < ${(fragment + 1n) << 32n}`
  await retryConflicts(() => table.update({ where, valuesSql: { documentId: 'documentId' } }))
}
