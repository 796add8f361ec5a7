import { setImmediate as turn } from 'node:timers/promises'
import type { Client } from '@elastic/elasticsearch'
import { lastOfEach } from '../checks.ts'
import { toMilliseconds } from '../creation-date.ts'
import type { Generation } from '../generation.ts'
import type { DocumentWrite, VectorStore } from '../store.ts'
import { writeInBulk, type Operation } from './bulk.ts'
import { surplusOf } from './filter.ts'
import { filterEntry, indexNames, keyOf, partId, passageEntry, rowEntry } from './layout.ts'
import { WHOLE } from './reading.ts'
import { wordsIn, wordsOf } from './words.ts'

/** A generation's indices, while it is its turn to be written. */
export interface Writing {
  readonly client: Client
  readonly generation: Generation
  readonly signal: AbortSignal
}

/** Letters of words, and of stems, in one entry: a longer document has several, each of which is small beside what Elasticsearch may hold in memory. */
const PART_LETTERS = 1_500_000
/** Documents whose surplus is looked for at once: each may need a clause of its own. */
const DOCUMENTS_AT_ONCE = 500
const SURPLUS_PAGE = 5_000

/**
 * Passages by their ids, then what a document has beyond them, then its texts the same way, its row last.
 * Stopped anywhere and done again it comes to the same.
 */
export async function replaceDocuments(writing: Writing, writes: readonly DocumentWrite[]): Promise<void> {
  const { client, generation, signal } = writing
  const names = indexNames(generation)
  for (const batch of inBatches(lastOfEach(writes))) {
    const passages = new Map(batch.map(({ row, passages: own }) => [row.documentId, own.reduce((end, { ordinal }) => Math.max(end, ordinal + 1), 0)]))
    await writeInBulk(client, names.passages, passageOperations(batch), signal)
    await removeSurplus(writing, names.passages, passages)
    const texts = new Map(batch.map(({ row }) => [row.documentId, 0]))
    await writeInBulk(client, names.documents, textOperations(batch, texts), signal)
    await removeSurplus(writing, names.documents, texts)
    await writeInBulk(client, names.documents, batch.map(write => ({ action: 'index', id: keyOf(write.row.documentId), entry: rowEntry(write) })), signal)
  }
  await client.indices.refresh({ index: names.documents }, { signal })
}

function* inBatches<T>(all: readonly T[]): Generator<T[]> {
  for (let from = 0; from < all.length; from += DOCUMENTS_AT_ONCE) yield all.slice(from, from + DOCUMENTS_AT_ONCE)
}

const filterOf = (write: DocumentWrite): ReturnType<typeof filterEntry> => filterEntry(write, write.creationDate === null ? null : toMilliseconds(write.creationDate))

function* passageOperations(batch: readonly DocumentWrite[]): Generator<Operation> {
  for (const write of batch) {
    const key = keyOf(write.row.documentId)
    const filter = filterOf(write)
    for (const passage of write.passages) {
      const id = partId(key, passage.ordinal)
      yield { action: 'index', id, entry: passageEntry(filter, id, passage, wordsIn(passage.text)) }
    }
  }
}

/** @param counts is told how many entries each document has */
async function* textOperations(batch: readonly DocumentWrite[], counts: Map<string, number>): AsyncGenerator<Operation> {
  for (const write of batch) {
    const key = keyOf(write.row.documentId)
    const words = await partsOf(wordsOf(write.content))
    const stems = await partsOf(stemsInPieces(write.stems))
    const count = Math.max(words.length, stems.length)
    for (let ordinal = 0; ordinal < count; ordinal++) {
      yield { action: 'index', id: partId(key, ordinal), entry: { ...filterOf(write), ordinal, words: words[ordinal] ?? '', stems: stems[ordinal] ?? '' } }
    }
    counts.set(write.row.documentId, count)
  }
}

/** Gathers pieces, and lets others have a turn between them. */
async function partsOf(pieces: Iterable<string>): Promise<string[]> {
  const parts: string[] = []
  let part: string[] = []
  let letters = 0
  for (const piece of pieces) {
    if (letters > 0 && letters + piece.length > PART_LETTERS) {
      parts.push(part.join(' '))
      part = []
      letters = 0
    }
    part.push(piece)
    letters += piece.length
    await turn()
  }
  return part.length === 0 ? parts : [...parts, part.join(' ')]
}

/** Cut at blanks. */
function* stemsInPieces(stems: string): Generator<string> {
  for (let from = 0; from < stems.length;) {
    const end = stems.length - from <= PART_LETTERS ? stems.length : stems.lastIndexOf(' ', from + PART_LETTERS)
    yield stems.slice(from, end)
    from = end + 1
  }
}

/** Removes what documents have beyond their last part. Also what a write has left that was stopped: so the index is looked at, not the row. */
async function removeSurplus({ client, signal }: Writing, index: string, counts: ReadonlyMap<string, number>): Promise<void> {
  await client.indices.refresh({ index }, { signal })
  for (;;) {
    const { hits } = await client.search({ index, query: surplusOf(counts), size: SURPLUS_PAGE, _source: false, ...WHOLE }, { signal })
    const operations = hits.hits.flatMap(({ _id: id }): Operation[] => (id === undefined ? [] : [{ action: 'delete', id }]))
    if (operations.length === 0) return
    await writeInBulk(client, index, operations, signal)
    await client.indices.refresh({ index }, { signal })
  }
}

/** Only of rows that are there. */
export async function touchDocuments({ client, generation, signal }: Writing, rows: Parameters<VectorStore['touch']>[1]): Promise<void> {
  const { documents } = indexNames(generation)
  const operations = rows.map(({ documentId, extractionDate }): Operation => ({ action: 'update', id: keyOf(documentId), entry: { extractionDate } }))
  await writeInBulk(client, documents, operations, signal)
  await client.indices.refresh({ index: documents }, { signal })
}

/** Rows last: should it stop in between, they are left to say that there is something to remove. */
export async function removeDocuments(writing: Writing, documentIds: readonly string[]): Promise<void> {
  const { client, generation, signal } = writing
  const names = indexNames(generation)
  for (const batch of inBatches([...new Set(documentIds)])) {
    const nothing = new Map(batch.map(id => [id, 0]))
    await removeSurplus(writing, names.passages, nothing)
    await removeSurplus(writing, names.documents, nothing)
    await writeInBulk(client, names.documents, batch.map(id => ({ action: 'delete', id: keyOf(id) })), signal)
  }
  await client.indices.refresh({ index: names.documents }, { signal })
}
