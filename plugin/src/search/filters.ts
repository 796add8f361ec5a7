import type { DocumentKind } from '../text/format.ts'
import type { SearchFilters } from './criteria.ts'

export type ListFilter = 'contentType' | 'language' | 'tags'
type NamedKind = Exclude<DocumentKind, 'other'>

/** What a reader calls a kind of document, in the content types that Datashare's documents have. */
export const CONTENT_TYPES: Record<NamedKind, readonly string[]> = {
  email: ['message/rfc822', 'application/vnd.ms-outlook', 'application/mbox'],
  pdf: ['application/pdf'],
  text: ['text/plain', 'text/markdown', 'text/x-web-markdown'],
  page: ['text/html', 'application/xhtml+xml'],
  word: [
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/msword', 'application/vnd.oasis.opendocument.text', 'application/rtf',
  ],
  sheet: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'application/vnd.ms-excel', 'application/vnd.oasis.opendocument.spreadsheet', 'text/csv'],
  slides: ['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'application/vnd.ms-powerpoint', 'application/vnd.oasis.opendocument.presentation'],
  image: ['image/jpeg', 'image/png', 'image/tiff', 'image/gif', 'image/bmp', 'image/webp'],
  audio: ['audio/mpeg', 'audio/x-wav', 'audio/mp4', 'audio/vorbis'],
  video: ['video/mp4', 'video/quicktime', 'video/x-msvideo', 'video/mpeg'],
}
export const KINDS = Object.keys(CONTENT_TYPES) as NamedKind[]

/** Adds values to a filter, each once. */
export function withValues(filters: SearchFilters, name: ListFilter, values: readonly string[]): SearchFilters {
  return { ...filters, [name]: [...new Set([...filters[name] ?? [], ...values])] }
}

/** Takes values away; a filter without any is none. */
export function without(filters: SearchFilters, name: ListFilter, values: readonly string[]): SearchFilters {
  const { [name]: chosen = [], ...others } = filters
  const rest = chosen.filter(value => !values.includes(value))
  return rest.length === 0 ? others : { ...others, [name]: rest }
}

/** A day (2016-01-31) in a range of dates; an empty one takes it away. */
export function withDay(filters: SearchFilters, end: 'from' | 'to', day: string): SearchFilters {
  const { creationDate = {}, ...others } = filters
  const { from = '', to = '' }: { from?: string | undefined, to?: string | undefined } = { ...creationDate, [end]: day }
  // A range that ends before it begins is one day: the one that was set last.
  if (from !== '' && to !== '' && from > to) return { ...others, creationDate: { from: day, to: day } }
  const range = { ...(from !== '' && { from }), ...(to !== '' && { to }) }
  return Object.keys(range).length === 0 ? others : { ...others, creationDate: range }
}

export function withPath(filters: SearchFilters, path: string): SearchFilters {
  const changed = { ...filters, path: path.trim() }
  if (changed.path === '') delete (changed as SearchFilters).path
  return changed
}
