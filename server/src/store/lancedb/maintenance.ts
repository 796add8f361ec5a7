import { Index, type Table } from '@lancedb/lancedb'
import { LONGEST_WORD } from '../../words/tokens.ts'
import { BAND_COLUMNS } from './filter.ts'
import type { GenerationTables } from './tables.ts'
import { retryConflicts } from './faults.ts'

/** Longer tokens are left out; a letter has three bytes at most, a pair of surrogates four. */
const LONGEST_BYTES = 3 * LONGEST_WORD + 1

/**
 * Unstemmed, because stemming runs before accents are folded and would lose them; `icu/split` cuts Chinese
 * and Japanese into words, and at apostrophes and punctuation. Positions are what phrases need.
 */
const textIndex = (): Index => Index.fts({
  baseTokenizer: 'icu/split', stem: false, removeStopWords: false, asciiFolding: true, lowercase: true, withPosition: true, maxTokenLength: LONGEST_BYTES,
})

/** Of stems that are made already: taken as they stand, and only ever asked for alone. */
const stemIndex = (): Index => Index.fts({
  baseTokenizer: 'whitespace', stem: false, removeStopWords: false, asciiFolding: false, lowercase: false, withPosition: false, maxTokenLength: 300,
})

const keyIndex = (): Index => Index.btree()
const valueIndex = (): Index => Index.bitmap()

const indices = {
  passages: { documentId: keyIndex, language: valueIndex, contentType: valueIndex, text: textIndex },
  documents: {
    documentId: keyIndex, contentHash: keyIndex, language: valueIndex, contentType: valueIndex, content: textIndex, stems: stemIndex,
    ...Object.fromEntries(BAND_COLUMNS.map(column => [column, keyIndex])),
  },
}

/** Adds the indices that are missing. They exist from the start: rows newer than an index are searched with its tokenizer too. */
export async function ensureIndices(tables: GenerationTables): Promise<void> {
  for (const name of ['passages', 'documents'] as const) {
    const existing = await indexedColumns(tables[name])
    for (const [column, config] of Object.entries(indices[name])) {
      if (!existing.has(column)) await retryConflicts(() => tables[name].createIndex(column, { config: config() }))
    }
  }
}

/** A text index keeps the words of rows that are gone. */
export async function rebuildTextIndices({ passages, documents }: GenerationTables): Promise<void> {
  await retryConflicts(() => passages.createIndex('text', { config: textIndex() }))
  await retryConflicts(() => documents.createIndex('content', { config: textIndex() }))
  await retryConflicts(() => documents.createIndex('stems', { config: stemIndex() }))
}

const indexedColumns = async (table: Table): Promise<Set<string>> =>
  new Set((await table.listIndices()).flatMap(({ columns }) => columns))

/**
 * Compacts, takes new rows into the indices, and removes old versions, of which a running read may still
 * need some: those that were the latest when it began, or later.
 * @returns whether there was something to do; then what it has made old goes the next time
 */
export async function compact(table: Table, oldestRead: () => Date): Promise<boolean> {
  const before = await table.version()
  const cleanupOlderThan = await latestVersionAt(table, oldestRead())
  // Unverified files are leftovers of writes that died: writes and this run one at a time, in one process.
  await retryConflicts(() => table.optimize({ cleanupOlderThan, deleteUnverified: true }))
  return await table.version() !== before
}

async function latestVersionAt(table: Table, moment: Date): Promise<Date> {
  const times = (await table.listVersions()).map(({ timestamp }) => timestamp)
  return times.findLast(time => time < moment) ?? times[0] ?? moment
}
