import { BANDS } from '../../passages/fingerprint.ts'
import { millisecondsWithin } from '../creation-date.ts'
import type { DocumentRow, StoreFilter, TextIdentity } from '../store.ts'

/** Matches no row. A clause that cannot be met is this one, never a missing clause. */
export const NOTHING = 'false'

/**
 * The one place where a value becomes SQL. Quotes are doubled; nothing else is special between them.
 * A text with a lone surrogate cannot be stored as it is, so no row can equal it: callers drop it with `storable`.
 */
const quote = (value: string): string => `'${value.replaceAll('\'', '\'\'')}'`

const storable = (values: readonly string[]): string[] => values.filter(value => value.isWellFormed())

/** Rows whose column is one of these values; none where there is no value. */
function isOneOf(column: string, values: readonly string[]): string {
  const possible = storable(values)
  return possible.length === 0 ? NOTHING : `${column} IN (${possible.map(quote).join(',')})`
}

const isNoneOf = (column: string, values: readonly string[]): string => `NOT (${isOneOf(column, values)})`

/** A folder holds itself and what is below it. A backslash separates only on a Windows share, whose paths begin with none of ours. */
function isBelow(path: string): string {
  if (!path.isWellFormed()) return NOTHING
  const separators = path.startsWith('/') ? ['/'] : ['/', '\\']
  let end = path.length
  while (end > 0 && separators.includes(path.charAt(end - 1))) end--
  const folder = path.slice(0, end)
  const below = separators.map(separator => `starts_with(dirname, ${quote(folder + separator)})`)
  return `(dirname = ${quote(folder)} OR ${below.join(' OR ')})`
}

function createdWithin(creationDate: NonNullable<StoreFilter['creationDate']>): string[] {
  const { from, before } = millisecondsWithin(creationDate)
  return [...(from === undefined ? [] : [`creationDate >= ${from}`]), ...(before === undefined ? [] : [`creationDate < ${before}`])]
}

/** The `where` of a search, undefined where nothing is filtered. Only `documentIds` restricts when it is empty. */
export function searchFilter(filter: StoreFilter): string | undefined {
  const named = ([['contentType', filter.contentType], ['language', filter.language]] as const)
    .flatMap(([column, values]) => (values === undefined || values.length === 0 ? [] : [isOneOf(column, values)]))
  const excluded = ([['documentId', filter.excludeDocumentIds], ['rootId', filter.excludeRootIds]] as const)
    .flatMap(([column, values]) => (values === undefined || values.length === 0 ? [] : [isNoneOf(column, values)]))
  const clauses = [
    ...(filter.documentIds === undefined ? [] : [ofDocuments(filter.documentIds)]),
    ...named,
    ...(filter.path === undefined ? [] : [isBelow(filter.path)]),
    ...createdWithin(filter.creationDate ?? {}),
    ...excluded,
  ]
  return clauses.length === 0 ? undefined : clauses.join(' AND ')
}

export const ofDocuments = (ids: readonly string[]): string => isOneOf('documentId', ids)

export const ofStatus = (status: DocumentRow['status']): string => isOneOf('status', [status])

/** The columns of a fingerprint. */
export const BAND_COLUMNS = Array.from({ length: BANDS }, (_, band) => `band${band}`)
export const SAMPLE_COLUMNS = ['pairs', 'numbers', 'names'] as const

/** Rows with the content of one of these texts, or with a band of its fingerprint at the same place. */
export function copiesFilter(texts: readonly TextIdentity[]): string {
  const fingerprints = texts.flatMap(({ fingerprint }) => fingerprint ?? [])
  const bands = fingerprints.length === 0 ? [] : BAND_COLUMNS.map((column, band) => `${column} IN (${fingerprints.map(({ bands }) => bands[band] ?? 0).join(',')})`)
  return [isOneOf('contentHash', texts.map(({ contentHash }) => contentHash)), ...bands].join(' OR ')
}
