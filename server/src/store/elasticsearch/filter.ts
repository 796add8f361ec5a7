import type { estypes } from '@elastic/elasticsearch'
import { millisecondsWithin } from '../creation-date.ts'
import type { DocumentRow, StoreFilter, TextIdentity } from '../store.ts'
import { bandsOf, separatorsOf } from './layout.ts'

type Clause = estypes.QueryDslQueryContainer

const NOTHING: Clause = { match_none: {} }

/** A value is data here, never syntax. A text with a lone surrogate cannot be stored as it is, so no entry can equal it. */
const isOneOf = (field: string, values: readonly string[]): Clause => ({ terms: { [field]: values.filter(value => value.isWellFormed()) } })

/** A folder holds itself and what is below it. */
function isBelow(path: string): Clause {
  if (!path.isWellFormed()) return NOTHING
  const separators = separatorsOf(path)
  let end = path.length
  while (end > 0 && separators.includes(path.charAt(end - 1))) end--
  return { term: { folders: path.slice(0, end) } }
}

function createdWithin(creationDate: NonNullable<StoreFilter['creationDate']>): Clause[] {
  const { from, before } = millisecondsWithin(creationDate)
  return from === undefined && before === undefined ? [] : [{ range: { creationDate: { ...from !== undefined && { gte: from }, ...before !== undefined && { lt: before } } } }]
}

/** What a search is cut to before it ranks. Only `documentIds` restricts when it is empty. */
export function searchFilter(filter: StoreFilter): Clause[] {
  const { documentIds, contentType = [], language = [], path, creationDate = {}, excludeDocumentIds = [], excludeRootIds = [] } = filter
  const excluded = [...(excludeDocumentIds.length === 0 ? [] : [isOneOf('documentId', excludeDocumentIds)]), ...(excludeRootIds.length === 0 ? [] : [isOneOf('rootId', excludeRootIds)])]
  return [
    ...(documentIds === undefined ? [] : [ofDocuments(documentIds)]),
    ...(contentType.length === 0 ? [] : [isOneOf('contentType', contentType)]),
    ...(language.length === 0 ? [] : [isOneOf('language', language)]),
    ...(path === undefined ? [] : [isBelow(path)]),
    ...createdWithin(creationDate),
    ...(excluded.length === 0 ? [] : [{ bool: { must_not: excluded } }]),
  ]
}

export const ofDocuments = (ids: readonly string[]): Clause => isOneOf('documentId', ids)

export const ofStatus = (status: DocumentRow['status']): Clause => ({ term: { status } })

/** Of the entries of documents: the rows. */
export const ROWS: Clause = { exists: { field: 'status' } }

/** What stands behind the last part that is given, by document. */
export function surplusOf(parts: ReadonlyMap<string, number>): Clause {
  const byCount = Map.groupBy(parts, ([, count]) => count)
  return { bool: { should: [...byCount].map(([count, documents]) => ({ bool: { filter: [ofDocuments(documents.map(([id]) => id)), { range: { ordinal: { gte: count } } }] } })) } }
}

/** Rows with the content of one of these texts, or with a band of its fingerprint at the same place. */
export function copiesOf(texts: readonly TextIdentity[]): Clause {
  const bands = texts.flatMap(({ fingerprint }) => (fingerprint === null ? [] : bandsOf(fingerprint.bands)))
  return { bool: { should: [isOneOf('contentHash', texts.map(({ contentHash }) => contentHash)), isOneOf('bands', bands)], minimum_should_match: 1 } }
}

/** Passages whose places lie in one of `slices` equal parts. */
export const inSlice = (slice: number, slices: number, places: number): Clause => ({ range: { place: { gte: Math.floor(slice * places / slices), lte: Math.floor((slice + 1) * places / slices) - 1 } } })
