import { LIMITS, type Example, type Filters, type SEARCH_MODES, type SimilarRequest } from '@datashare-similarity/shared'

type SearchMode = (typeof SEARCH_MODES)[number]
export type SearchFilters = Pick<Filters, 'contentType' | 'language' | 'path' | 'creationDate' | 'tags'>
export type ExampleKind = 'like' | 'unlike'

/** What the companion gets, and the name by which the reader knows it. */
export interface NamedExample {
  readonly name: string
  readonly example: Example
}

/** All that a reader can ask for. */
export interface Criteria {
  queries: string[]
  like: NamedExample[]
  unlike: NamedExample[]
  filters: SearchFilters
  mode: SearchMode
}

export const noCriteria = (): Criteria => ({ queries: [''], like: [], unlike: [], filters: {}, mode: 'hybrid' })

/** The questions that say something, without blanks around them. */
export const questionsOf = ({ queries }: Criteria): string[] => queries.map(query => query.trim()).filter(query => query !== '')

export const isAskable = (criteria: Criteria): boolean => questionsOf(criteria).length + criteria.like.length > 0

export const hasFilters = ({ filters }: Criteria): boolean => Object.keys(filters).length > 0

/** What every question of a list has beside the reader's own criteria: the document that it is about. */
export interface Anchor {
  readonly like: readonly Example[]
  readonly filters: Filters
}

export function requestOf(criteria: Criteria, anchor: Anchor = { like: [], filters: {} }): SimilarRequest {
  return {
    queries: questionsOf(criteria),
    like: [...anchor.like, ...criteria.like.map(({ example }) => example)],
    unlike: criteria.unlike.map(({ example }) => example),
    filters: { ...criteria.filters, ...anchor.filters },
    mode: criteria.mode,
  }
}

const idOf = ({ example }: NamedExample): string => JSON.stringify(example)

/** Adds an example at the end, once: the same one cannot be on both sides. */
export function withExample(criteria: Criteria, kind: ExampleKind, added: NamedExample): Pick<Criteria, ExampleKind> {
  const others = (examples: readonly NamedExample[]) => examples.filter(example => idOf(example) !== idOf(added))
  const sides = { like: others(criteria.like), unlike: others(criteria.unlike) }
  return { ...sides, [kind]: [...sides[kind], added] }
}

/** Room for one more; `taken` are examples that are not among the criteria. */
export const hasRoomFor = (criteria: Criteria, kind: ExampleKind, taken = 0): boolean =>
  criteria[kind].length + taken < (kind === 'like' ? LIMITS.likes : LIMITS.unlikes)
