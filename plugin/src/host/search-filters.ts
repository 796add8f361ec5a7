import type { SearchFilters } from '../search/criteria.ts'
import type { SearchStore } from './core.ts'

/** Datashare's filters that ours can stand for, by their names there. */
const KNOWN = ['contentType', 'language', 'tags', 'path', 'creationDate']
/** Where Datashare searches is the project, which is chosen elsewhere. */
const NO_FILTER = ['project']

export interface TakenFilters {
  readonly filters: SearchFilters
  /** Names of filters that are set in Datashare's search and could not be taken over. */
  readonly left: string[]
}

/** The filters of Datashare's search as it stands, as far as they can be ours; null where none is set. */
export function filtersOfSearch({ values = {}, excludeFilters = [] }: SearchStore): TakenFilters | null {
  const set = Object.keys(values).filter(name => !NO_FILTER.includes(name) && (values[name]?.length ?? 0) > 0)
  if (set.length === 0) return null
  const usable = (name: string) => set.includes(name) && KNOWN.includes(name) && !excludeFilters.includes(name)
  const texts = (name: string) => (usable(name) ? values[name] ?? [] : []).map(String)
  const [path, ...morePaths] = texts('path')
  const creationDate = daysOf(texts('creationDate')[0])
  const filters: SearchFilters = {
    ...asList('contentType', texts('contentType')),
    ...asList('language', texts('language')),
    ...asList('tags', texts('tags')),
    ...(path !== undefined && morePaths.length === 0 && { path }),
    ...(creationDate && { creationDate }),
  }
  return { filters, left: set.filter(name => !(name in filters)) }
}

const asList = (name: 'contentType' | 'language' | 'tags', values: string[]) => (values.length > 0 ? { [name]: values } : {})

/** Datashare writes a range as two times in milliseconds, "min:max"; a single one stands for both ends. */
function daysOf(range: string | undefined): { from: string, to: string } | null {
  const times = range?.split(':').map(Number) ?? []
  if (times.length === 0 || times.some(time => !Number.isFinite(time) || Math.abs(time) > 8.64e15)) return null
  const day = (time: number) => new Date(time).toISOString().slice(0, 10)
  return { from: day(Math.min(...times)), to: day(Math.max(...times)) }
}
