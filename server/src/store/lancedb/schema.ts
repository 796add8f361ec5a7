import { Binary, Bool, type Data, type DataType, Field, Float16, FixedSizeList, Int32, Int64, makeData, RecordBatch, Schema, Struct, Table, Utf8, vectorFromArray } from 'apache-arrow'
import { checkedId } from '../checks.ts'
import { toMilliseconds } from '../creation-date.ts'
import type { Generation } from '../generation.ts'
import type { DocumentWrite } from '../store.ts'
import { BAND_COLUMNS, SAMPLE_COLUMNS } from './filter.ts'

const text = (name: string): Field<DataType> => new Field(name, new Utf8(), false)
const optionalText = (name: string): Field<DataType> => new Field(name, new Utf8(), true)
const count = (name: string): Field<DataType> => new Field(name, new Int32(), false)
/** Milliseconds since 1970. */
const date = (name: string): Field<DataType> => new Field(name, new Int64(), true)

/** Both tables carry what searches filter by. */
const filterFields = [text('documentId'), text('rootId'), text('contentType'), text('language'), text('dirname'), date('creationDate')]

/** Half precision: the ten nearest are the same, in half the bytes and in less time. */
const passageFields = (dimensions: number): Field<DataType>[] => [
  ...filterFields,
  count('ordinal'), count('start'), count('end'), text('text'),
  new Field('embedding', new FixedSizeList(dimensions, new Field('item', new Float16(), true)), false),
]

/** Null where there is no fingerprint. */
const fingerprintFields = [...BAND_COLUMNS.map(name => new Field(name, new Int32(), true)), ...SAMPLE_COLUMNS.map(name => new Field(name, new Binary(), true))]

const documentFields: Field<DataType>[] = [
  ...filterFields, text('contentHash'),
  optionalText('extractionDate'), text('status'), optionalText('reason'), count('passages'), new Field('truncated', new Bool(), false),
  text('vectorizedAt'), text('title'), text('path'), text('content'), text('stems'), ...fingerprintFields,
]

export const passagesSchema = (dimensions: number): Schema => new Schema(passageFields(dimensions))
export const documentsSchema = new Schema(documentFields)

export function tableNames(generation: Generation): { passages: string, documents: string } {
  const id = checkedId(generation)
  return { passages: `passages-${id}`, documents: `documents-${id}` }
}

type Value = string | number | bigint | boolean | Uint8Array | null
type Columns = Readonly<Record<string, readonly Value[]>>

function tableOf(fields: Field<DataType>[], length: number, columns: Columns, embeddings = new Float16Array()): Table {
  const children = fields.map((field): Data => field.type instanceof FixedSizeList
    ? makeData({ type: field.type, length, nullCount: 0, child: makeData({ type: new Float16(), nullCount: 0, data: new Uint16Array(embeddings.buffer) }) })
    : columnOf(field, columns[field.name] ?? []))
  const schema = new Schema(fields)
  return new Table(schema, new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children })))
}

function columnOf(field: Field<DataType>, values: readonly Value[]): Data {
  const [data] = vectorFromArray(values, field.type).data
  if (data === undefined) throw new TypeError(`the column ${field.name} has no data`)
  return data
}

const created = ({ creationDate }: DocumentWrite): bigint | null => {
  const milliseconds = creationDate === null ? null : toMilliseconds(creationDate)
  return milliseconds === null ? null : BigInt(milliseconds)
}

const filterColumns = (documents: readonly DocumentWrite[]): Columns => ({
  documentId: documents.map(({ row }) => row.documentId),
  rootId: documents.map(({ row }) => row.rootId),
  contentType: documents.map(({ contentType }) => contentType),
  language: documents.map(({ row }) => row.language),
  dirname: documents.map(({ dirname }) => dirname),
  creationDate: documents.map(created),
})

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)

const fingerprintColumns = (documents: readonly DocumentWrite[]): Columns => ({
  ...Object.fromEntries(BAND_COLUMNS.map((column, band) => [column, documents.map(({ fingerprint }) => fingerprint?.bands[band] ?? null)])),
  ...Object.fromEntries(SAMPLE_COLUMNS.map(column => [column, documents.map(({ fingerprint }) => (fingerprint === null ? null : bytesOf(fingerprint[column])))])),
})

/** Every passage of these documents, a row each. */
export function passagesTable(documents: readonly DocumentWrite[], dimensions: number): Table {
  const passages = documents.flatMap(document => document.passages)
  const owners = documents.flatMap(document => document.passages.map(() => document))
  const embeddings = new Float16Array(passages.length * dimensions)
  passages.forEach(({ embedding }, index) => embeddings.set(embedding, index * dimensions))
  return tableOf(passageFields(dimensions), passages.length, {
    ...filterColumns(owners),
    ordinal: passages.map(({ ordinal }) => ordinal),
    start: passages.map(({ start }) => start),
    end: passages.map(({ end }) => end),
    text: passages.map(passage => passage.text),
  }, embeddings)
}

export const documentsTable = (documents: readonly DocumentWrite[]): Table => tableOf(documentFields, documents.length, {
  ...filterColumns(documents),
  contentHash: documents.map(({ row }) => row.contentHash),
  extractionDate: documents.map(({ row }) => row.extractionDate),
  status: documents.map(({ row }) => row.status),
  reason: documents.map(({ row }) => row.reason),
  passages: documents.map(({ row }) => row.passages),
  truncated: documents.map(({ row }) => row.truncated),
  vectorizedAt: documents.map(({ row }) => row.vectorizedAt),
  title: documents.map(({ title }) => title),
  path: documents.map(({ path }) => path),
  content: documents.map(({ content }) => content),
  stems: documents.map(({ stems }) => stems),
  ...fingerprintColumns(documents),
})

/** Only the columns that a touch changes: the content keeps its place in the text index. */
export const touchTable = (rows: readonly { documentId: string, extractionDate: string | null }[]): Table => tableOf([text('documentId'), optionalText('extractionDate')], rows.length, {
  documentId: rows.map(({ documentId }) => documentId),
  extractionDate: rows.map(({ extractionDate }) => extractionDate),
})
