import { hash } from 'node:crypto'
import type { estypes } from '@elastic/elasticsearch'
import { z } from 'zod'
import { checkedId } from '../checks.ts'
import type { Generation } from '../generation.ts'
import type { DocumentWrite, StoredPassage } from '../store.ts'

/** Raised with every change of what the indices hold, or how: then they are made anew. */
const LAYOUT = 1
export const OWNER = 'datashare-similarity'

export interface IndexNames {
  readonly passages: string
  readonly documents: string
}

export function indexNames(generation: Generation): IndexNames {
  const id = checkedId(generation)
  return { passages: `${OWNER}-passages-${id}`, documents: `${OWNER}-documents-${id}` }
}

/** Writes go through an alias that must exist: an index that is gone would be made anew by the next write, without its mapping. */
export const writesOf = (index: string): string => `${index}-writes`

/** Names no project. Another owner could have made an index of our name: any user of Datashare may make one. */
const MarkerSchema = z.object({ owner: z.literal(OWNER), generation: z.string(), layout: z.number(), dimensions: z.number() })

const markerOf = ({ id, dimensions }: Generation): z.infer<typeof MarkerSchema> => ({ owner: OWNER, generation: id, layout: LAYOUT, dimensions })

export type Ownership = 'ours' | 'ours of another layout' | 'not ours'

export function ownershipOf(mapping: estypes.MappingTypeMapping | undefined, generation: Generation): Ownership {
  const marker = MarkerSchema.safeParse(mapping?._meta).data
  const expected = markerOf(generation)
  if (marker?.generation !== expected.generation) return 'not ours'
  return marker.layout === expected.layout && marker.dimensions === expected.dimensions ? 'ours' : 'ours of another layout'
}

/** How vectors are compressed, and how far beyond the limit candidates are compared again by their full vectors. */
export interface VectorIndex {
  readonly type: 'int8_hnsw' | 'bbq_hnsw'
  /** Null where Elasticsearch cannot: then scores are those of the compressed vectors. */
  readonly oversample: number | null
}

/** Shorter vectors lose too much when each number becomes a bit. */
const DIMENSIONS_FOR_BITS = 384

export function vectorIndexOf(version: { readonly major: number, readonly minor: number }, { dimensions }: Generation): VectorIndex {
  const isAtLeast = (major: number, minor: number): boolean => version.major > major || (version.major === major && version.minor >= minor)
  if (isAtLeast(9, 1) && dimensions >= DIMENSIONS_FOR_BITS) return { type: 'bbq_hnsw', oversample: 3 }
  return { type: 'int8_hnsw', oversample: isAtLeast(8, 18) ? 1.5 : null }
}

const keyword = { type: 'keyword' } as const
/** A value that is longer than Elasticsearch takes for a term is not filtered by; the document stays. */
const value = { type: 'keyword', ignore_above: 8_000 } as const
/** Words are folded and cut by us, the same way for every language: Elasticsearch takes them as they stand. */
const words = { type: 'text', analyzer: 'whitespace' } as const

/** What searches filter by. */
const filterProperties: Record<string, estypes.MappingProperty> = {
  documentId: keyword, rootId: value, contentType: value, language: value, folders: value, creationDate: { type: 'long' }, ordinal: { type: 'integer' },
}

const passageProperties = (dimensions: number, { type }: VectorIndex): Record<string, estypes.MappingProperty> => ({
  ...filterProperties,
  place: { type: 'integer' },
  words,
  vector: { type: 'binary', doc_values: true },
  embedding: { type: 'dense_vector', dims: dimensions, index: true, similarity: 'cosine', index_options: { type } },
})

/** Two kinds of entries: texts, which have an ordinal, and rows, which have a status. A row is small, since a scan reads them all. */
const documentProperties: Record<string, estypes.MappingProperty> = {
  ...filterProperties,
  words,
  stems: { type: 'text', analyzer: 'whitespace', index_options: 'freqs' },
  contentHash: keyword, status: keyword, truncated: { type: 'boolean' }, bands: keyword,
}

/** Indexed, but not kept a second time to be read. */
const UNREAD = ['contentType', 'folders', 'creationDate', 'place', 'words', 'stems', 'vector', 'embedding']

/** What makes an index. Shards and replicas are the cluster's own defaults, or those of a template of the operator's. */
export function indexBody(kind: keyof IndexNames, generation: Generation, vectors: VectorIndex): Omit<estypes.IndicesCreateRequest, 'index'> {
  return {
    aliases: { [writesOf(indexNames(generation)[kind])]: {} },
    // Text that was removed is written out of the files by the next maintenance, however little it is.
    settings: { 'index.merge.policy.expunge_deletes_allowed': 0 },
    mappings: {
      _meta: markerOf(generation),
      dynamic: false,
      _source: { excludes: UNREAD },
      properties: kind === 'passages' ? passageProperties(generation.dimensions, vectors) : documentProperties,
    },
  }
}

/** Ids of entries. A document's own id may be as long as Elasticsearch allows, which leaves no room for an ordinal. */
export const keyOf = (documentId: string): string => hash('sha256', documentId, 'base64url')
export const partId = (key: string, ordinal: number): string => `${key}#${ordinal}`

/** Every whole number below is the place of about as many passages. */
export const PLACES = 2 ** 31
const placeOf = (id: string): number => Number.parseInt(hash('sha256', id).slice(0, 8), 16) >>> 1

type Entry = Readonly<Record<string, unknown>>

export function filterEntry({ row, contentType, dirname }: DocumentWrite, created: number | null): Entry {
  return { documentId: row.documentId, rootId: row.rootId, contentType, language: row.language, folders: foldersOf(dirname), creationDate: created }
}

export const passageEntry = (filter: Entry, id: string, { ordinal, start, end, text, embedding }: StoredPassage, folded: string): Entry => ({
  ...filter, ordinal, start, end, text: text.toWellFormed(), place: placeOf(id), words: folded,
  vector: Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength).toString('base64'), embedding: [...embedding],
})

const base64 = ({ buffer, byteOffset, byteLength }: Uint32Array): string => Buffer.from(buffer, byteOffset, byteLength).toString('base64')

export const rowEntry = ({ row, fingerprint }: DocumentWrite): Entry => ({
  ...row,
  ...fingerprint !== null && { bands: bandsOf(fingerprint.bands), pairs: base64(fingerprint.pairs), numbers: base64(fingerprint.numbers), names: base64(fingerprint.names) },
})

/** A band counts at its place only. */
export const bandsOf = (bands: Int32Array): string[] => Array.from(bands, (band, place) => `${place}:${band}`)

/** A folder and those that it is in: whatever is asked for is then one of them. */
export function foldersOf(dirname: string): string[] {
  const separators = separatorsOf(dirname)
  const ends = Array.from({ length: dirname.length }, (_, index) => index).filter(index => separators.includes(dirname.charAt(index)))
  return [...new Set([...ends, dirname.length].map(end => dirname.slice(0, end)))]
}

/** A backslash separates only on a Windows share, whose paths begin with none of ours. */
export const separatorsOf = (path: string): string[] => (path.startsWith('/') ? ['/'] : ['/', '\\'])
