import type { Table as ArrowTable } from 'apache-arrow'
import type { Fingerprint } from '../../passages/fingerprint.ts'
import type { DocumentCandidate, DocumentIdentity, DocumentRow, PassageCandidate, SampledPassage, StoredPassage } from '../store.ts'
import { BAND_COLUMNS, SAMPLE_COLUMNS } from './filter.ts'

/** The part of an answer of LanceDB that is read: a table, or one batch of it. */
type Columns = Pick<ArrowTable, 'getChild' | 'numRows'>

interface Cells {
  text(name: string): string
  optionalText(name: string): string | null
  number(name: string): number
  id(name: string): bigint
  flag(name: string): boolean
  embedding(name: string): Float32Array
  bytes(name: string): Uint8Array | null
}

const STATUSES = ['vectorized', 'empty', 'failed'] as const

const wrong = (name: string): never => { throw new TypeError(`the column ${name} does not hold what the schema says`) }

/** Reads the rows of an answer, checked against what the schema promises. */
function rowsOf<T>(answer: Columns, toRow: (cells: Cells) => T): T[] {
  const columns = new Map<string, ReturnType<Columns['getChild']>>()
  let index = 0
  const value = (name: string): unknown => {
    if (!columns.has(name)) columns.set(name, answer.getChild(name))
    return columns.get(name)?.get(index)
  }
  const cells: Cells = {
    text: (name) => { const cell = value(name); return typeof cell === 'string' ? cell : wrong(name) },
    optionalText: (name) => { const cell = value(name); return cell === null || typeof cell === 'string' ? cell : wrong(name) },
    number: (name) => { const cell = value(name); return typeof cell === 'number' ? cell : wrong(name) },
    id: (name) => { const cell = value(name); return typeof cell === 'bigint' ? cell : wrong(name) },
    flag: (name) => { const cell = value(name); return typeof cell === 'boolean' ? cell : wrong(name) },
    embedding: name => toEmbedding(value(name)) ?? wrong(name),
    bytes: (name) => { const cell = value(name); return cell === null || cell instanceof Uint8Array ? cell : wrong(name) },
  }
  const rows: T[] = []
  for (; index < answer.numRows; index++) rows.push(toRow(cells))
  return rows
}

const isVector = (cell: unknown): cell is { toArray(): unknown } => typeof cell === 'object' && cell !== null && 'toArray' in cell && typeof cell.toArray === 'function'

/** Arrow gives half precision as its bits, in a view of the whole answer. */
function toEmbedding(cell: unknown): Float32Array | null {
  const bits = isVector(cell) ? cell.toArray() : null
  return bits instanceof Uint16Array ? new Float32Array(new Float16Array(bits.buffer, bits.byteOffset, bits.length)) : null
}

export const DOCUMENT_ROW_COLUMNS = ['documentId', 'rootId', 'extractionDate', 'contentHash', 'status', 'reason', 'passages', 'truncated', 'language', 'vectorizedAt']

export const toDocumentRows = (answer: Columns): DocumentRow[] => rowsOf(answer, cells => ({
  documentId: cells.text('documentId'),
  rootId: cells.text('rootId'),
  extractionDate: cells.optionalText('extractionDate'),
  contentHash: cells.text('contentHash'),
  status: STATUSES.find(status => status === cells.text('status')) ?? wrong('status'),
  reason: cells.optionalText('reason'),
  passages: cells.number('passages'),
  truncated: cells.flag('truncated'),
  language: cells.text('language'),
  vectorizedAt: cells.text('vectorizedAt'),
}))

export const PASSAGE_CANDIDATE_COLUMNS = ['documentId', 'rootId', 'language', 'ordinal', 'start', 'end', 'text']

const toPassage = (cells: Cells) => ({
  ordinal: cells.number('ordinal'), start: cells.number('start'), end: cells.number('end'), text: cells.text('text'),
})

const toDocument = (cells: Cells) => ({
  documentId: cells.text('documentId'), rootId: cells.text('rootId'), language: cells.text('language'),
})

/** A list for each of `vectors` that were asked together, with the cosine similarity, from the distance that LanceDB gives. */
export function toNearestPassages(answer: Columns, vectors: number): PassageCandidate[][] {
  const lists = Array.from({ length: vectors }, (): PassageCandidate[] => [])
  rowsOf(answer, (cells) => {
    const list = lists[vectors === 1 ? 0 : cells.number('query_index')] ?? wrong('query_index')
    list.push({ ...toDocument(cells), ...toPassage(cells), score: 1 - cells.number('_distance') })
  })
  return lists
}

export const toWordsPassages = (answer: Columns): PassageCandidate[] =>
  rowsOf(answer, cells => ({ ...toDocument(cells), ...toPassage(cells), score: cells.number('_score') }))

export const DOCUMENT_CANDIDATE_COLUMNS = ['documentId', 'rootId', 'language']

export const toWordsDocuments = (answer: Columns): DocumentCandidate[] =>
  rowsOf(answer, cells => ({ ...toDocument(cells), score: cells.number('_score') }))

export const STORED_PASSAGE_COLUMNS = ['ordinal', 'start', 'end', 'text', 'embedding']

export const toStoredPassages = (answer: Columns): StoredPassage[] =>
  rowsOf(answer, cells => ({ ...toPassage(cells), embedding: cells.embedding('embedding') }))

export const IDENTITY_COLUMNS: string[] = ['documentId', 'contentHash', ...BAND_COLUMNS, ...SAMPLE_COLUMNS]

export const toIdentities = (answer: Columns): DocumentIdentity[] =>
  rowsOf(answer, cells => ({ documentId: cells.text('documentId'), contentHash: cells.text('contentHash'), fingerprint: toFingerprint(cells) }))

function toFingerprint(cells: Cells): Fingerprint | null {
  const sample = (column: typeof SAMPLE_COLUMNS[number]): Uint32Array => toSampleEntries(cells.bytes(column) ?? wrong(column))
  return cells.bytes('pairs') === null ? null : { bands: Int32Array.from(BAND_COLUMNS, column => cells.number(column)), pairs: sample('pairs'), numbers: sample('numbers'), names: sample('names') }
}

/** A copy: what Arrow gives is a view that may begin anywhere. */
const toSampleEntries = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice().buffer)

export const toRowIds = (answer: Columns): bigint[] => rowsOf(answer, cells => cells.id('_rowid'))

export const toLanguages = (answer: Columns): string[] => rowsOf(answer, cells => cells.text('language'))

export const toSample = (answer: Columns): SampledPassage[] =>
  rowsOf(answer, cells => ({ documentId: cells.text('documentId'), text: cells.text('text'), embedding: cells.embedding('embedding') }))
