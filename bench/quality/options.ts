import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { COLLECTIONS, type Collection, type CollectionName } from './collections.ts'
import { STORES, type StoreName } from './indexing.ts'
import type { BenchQuery } from './known-items.ts'
import type { CreateFind } from './systems.ts'

export interface Options {
  readonly collections: readonly CollectionName[]
  /** Documents of each collection at most, and the queries that they answer; the sample collection stays whole. */
  readonly limit: number
  readonly tune: boolean
  readonly variant: CreateFind | null
  readonly store: StoreName
  /** An id of the registry, or a folder; undefined for the bundled one. */
  readonly model: string | undefined
  /** Whether all is measured: only then the figures are the project's. */
  readonly isWhole: boolean
}

const USAGE = `npm run bench:quality -- [options]
  --only NAME       ${COLLECTIONS.join(' | ')}; may be given several times
  --tune            only the queries that ranking may be tuned on
  --limit N         only N documents of each collection, first those that the queries ask for
  --variant FILE    a module that exports another createFindMostSimilar, to be compared with the project's own
  --store NAME      ${STORES.join(' | ')}
  --model NAME      another model: an id of the registry, or a folder (docs/models.md)`

/** @throws Error with the usage where an option is unknown or wrong */
export async function readOptions(args: string[]): Promise<Options> {
  const { values } = parseArgs({ args, options: {
    only: { type: 'string', multiple: true }, tune: { type: 'boolean', default: false }, limit: { type: 'string' }, variant: { type: 'string' }, store: { type: 'string', default: 'lancedb' }, model: { type: 'string' },
  } })
  const collections = COLLECTIONS.filter(name => values.only?.includes(name) ?? true)
  const limit = values.limit === undefined ? Infinity : Number(values.limit)
  const store = STORES.find(name => name === values.store)
  if (collections.length < (values.only?.length ?? 1) || !(limit >= 1) || store === undefined) throw new Error(USAGE)
  const variant = values.variant === undefined ? null : await import(pathToFileURL(resolve(values.variant)).href) as { createFindMostSimilar: CreateFind }
  return {
    collections, limit, tune: values.tune, variant: variant?.createFindMostSimilar ?? null, store, model: values.model,
    isWhole: values.only === undefined && values.limit === undefined && !values.tune && variant === null && store === 'lancedb' && values.model === undefined,
  }
}

const idsIn = ({ like, relevant }: BenchQuery): string[] => [...relevant, ...(like === null ? [] : [like])]

/** The part of a collection that the options ask for. */
export function within(collection: Collection, { limit, tune }: Pick<Options, 'limit' | 'tune'>): Collection {
  const asked = collection.queries.filter(({ part }) => !tune || part === 'tune')
  const needed = new Set(asked.flatMap(idsIn))
  const neededFirst = collection.documents.toSorted((a, b) => Number(needed.has(b.id)) - Number(needed.has(a.id)))
  const documents = collection.name === 'sample' ? collection.documents : neededFirst.slice(0, limit)
  const ids = new Set(documents.map(({ id }) => id))
  return { ...collection, documents, queries: asked.filter(query => idsIn(query).every(id => ids.has(id))) }
}
