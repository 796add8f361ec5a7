import { LIMITS, SEARCH_MODES, type Example } from '@datashare-similarity/shared'
import { noCriteria, questionsOf, type Criteria, type NamedExample, type SearchFilters } from './criteria.ts'

/** Longer addresses are cut by browsers and messengers on their way. */
const LONGEST = 6_000

export interface SharedSearch {
  readonly project: string
  readonly criteria: Criteria
}

/** A search as a text for an address; null where it is too long for one. */
export function writeSearch({ project, criteria }: SharedSearch): string | null {
  const { like, unlike, filters, mode } = criteria
  const text = JSON.stringify({
    project, queries: questionsOf(criteria), ...(like.length > 0 && { like }), ...(unlike.length > 0 && { unlike }),
    ...(Object.keys(filters).length > 0 && { filters }), ...(mode !== 'hybrid' && { mode }),
  })
  return text.length > LONGEST ? null : text
}

/** The search in an address. What it does not know, or what is not sound, is left out: anybody can write an address. */
export function readSearch(text: string | null): SharedSearch | null {
  const { project, queries, like, unlike, filters, mode } = objectOf(parsed(text))
  if (typeof project !== 'string') return null
  const questions = textsOf(queries).slice(0, LIMITS.queries)
  const criteria: Criteria = {
    queries: questions.length > 0 ? questions : noCriteria().queries,
    like: examplesOf(like).slice(0, LIMITS.likes),
    unlike: examplesOf(unlike).slice(0, LIMITS.unlikes),
    filters: filtersOf(filters),
    mode: SEARCH_MODES.find(known => known === mode) ?? 'hybrid',
  }
  return questions.length + criteria.like.length === 0 ? null : { project, criteria }
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

const objectOf = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? value as Record<string, unknown> : {})

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string' && item.trim() !== '') : []).map(text => text.slice(0, LIMITS.textCharacters))

function examplesOf(value: unknown): NamedExample[] {
  return (Array.isArray(value) ? value : []).flatMap((item: unknown) => {
    const { name, example } = objectOf(item)
    const sound = exampleOf(objectOf(example))
    return typeof name === 'string' && sound !== null ? [{ name: name.slice(0, 200), example: sound }] : []
  })
}

function exampleOf({ documentId, passage, text }: Record<string, unknown>): Example | null {
  if (typeof documentId === 'string' && documentId !== '') {
    const { start, end } = objectOf(passage)
    const isRange = Number.isInteger(start) && Number.isInteger(end) && Number(start) >= 0 && Number(start) < Number(end)
    return isRange ? { documentId, passage: { start: Number(start), end: Number(end) } } : { documentId }
  }
  return typeof text === 'string' && text.trim() !== '' ? { text: text.slice(0, LIMITS.textCharacters) } : null
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

function filtersOf(value: unknown): SearchFilters {
  const { contentType, language, path, creationDate, tags } = objectOf(value)
  const { from, to } = objectOf(creationDate)
  const isDay = (day: unknown): day is string => typeof day === 'string' && DAY.test(day)
  const dates = { ...(isDay(from) && { from }), ...(isDay(to) && { to }) }
  const list = (name: 'contentType' | 'language' | 'tags', values: unknown) => {
    const texts = textsOf(values).slice(0, LIMITS.filterValues)
    return texts.length > 0 ? { [name]: texts } : {}
  }
  return {
    ...list('contentType', contentType), ...list('language', language), ...list('tags', tags),
    ...(typeof path === 'string' && path !== '' && { path }),
    ...(Object.keys(dates).length > 0 && { creationDate: dates }),
  }
}
