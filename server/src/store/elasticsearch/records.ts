import type { Client, estypes } from '@elastic/elasticsearch'
import { SimilarityError } from '@datashare-similarity/shared'
import type { z } from 'zod'
import { typeOf, statusOf } from '../../datashare/elasticsearch-errors.ts'
import { writeInBulk, type Operation } from './bulk.ts'
import { toStoreError } from './faults.ts'
import { OWNER, writesOf } from './layout.ts'
import { WHOLE } from './reading.ts'

/** As it was when it was read: a change of it is refused where another one was faster. */
export interface Version {
  readonly sequence: number
  readonly term: number
}

/** Fields and the value, or one of the values, that each must have; null for none. */
export type Where = Readonly<Record<string, string | readonly string[] | { readonly above: number } | { readonly below: number } | null>>

interface Page {
  readonly order: 'asc' | 'desc'
  readonly size: number
  readonly from?: number
  /** Only those whose sequence is at least this. */
  readonly fromSequence?: number
}

interface RecordsOptions<T extends object> {
  readonly client: Client
  /** The index is named after the owner and this. */
  readonly name: string
  /** Raised with every change of what is in it: a former index is not read, and left alone. */
  readonly layout: number
  /** What is searched and summed; the rest is only kept. Every record has a number `sequence`, by which pages are in order. */
  readonly properties: Record<string, estypes.MappingProperty>
  readonly schema: z.ZodType<T>
  readonly signal: AbortSignal
}

const PAGE = 1_000
const RETRIES = 20
/** The last page that may be asked for, by default ten thousand. */
const DEEPEST = 1_010_000

function clauseOf(field: string, value: NonNullable<Where[string]>): estypes.QueryDslQueryContainer {
  if (typeof value === 'object' && 'above' in value) return { range: { [field]: { gt: value.above } } }
  if (typeof value === 'object' && 'below' in value) return { range: { [field]: { lt: value.below } } }
  return { terms: { [field]: [value].flat() } }
}

/**
 * Small records of the companion's own in one index. What is got by its id is as last written; what is found was so a second ago at most.
 * Errors: SimilarityError elasticsearch_unreachable | elasticsearch_refused | disk_full | index_not_ours | vectors_missing where the index is gone
 */
export type Records<T extends object> = Awaited<ReturnType<typeof openRecords<T>>>

export async function openRecords<T extends object>({ client, name, layout, properties, schema, signal }: RecordsOptions<T>) {
  const index = `${OWNER}-${name}-${layout}`
  const alias = writesOf(index)

  async function guarded<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work()
    } catch (error) {
      throw toStoreError(error, signal)
    }
  }

  const make = async (): Promise<void> => {
    await client.indices.create({
      index,
      aliases: { [alias]: {} },
      settings: { 'index.max_result_window': DEEPEST },
      mappings: { _meta: { owner: OWNER, records: name, layout }, dynamic: false, properties: { ...properties, sequence: { type: 'long' } } },
    }, { signal }).catch((error: unknown) => {
      if (typeOf(error) !== 'resource_already_exists_exception') throw error
    })
    const found = await client.indices.getMapping({ index }, { signal })
    if (found[index]?.mappings._meta?.['owner'] !== OWNER) throw new SimilarityError('index_not_ours', { detail: `The index "${index}" is not ours.` })
  }

  const queryOf = (where: Where, fromSequence?: number): estypes.QueryDslQueryContainer => {
    const entries = Object.entries(where)
    return {
      bool: {
        filter: [
          ...entries.flatMap(([field, value]) => (value === null ? [] : [clauseOf(field, value)])),
          ...fromSequence === undefined ? [] : [{ range: { sequence: { gte: fromSequence } } }],
        ],
        must_not: entries.flatMap(([field, value]) => (value === null ? [{ exists: { field } }] : [])),
      },
    }
  }
  const idsOf = async (where: Where): Promise<string[]> => {
    const { hits } = await client.search({ index, query: queryOf(where), size: PAGE, _source: false, ...WHOLE }, { signal })
    return hits.hits.flatMap(({ _id: id }) => id ?? [])
  }
  const refresh = (): Promise<void> => guarded(async () => {
    await client.indices.refresh({ index }, { signal })
  })
  const write = (operations: readonly Operation[]): Promise<void> => guarded(() => writeInBulk(client, index, operations, signal))

  await guarded(make)
  return {
    get: (id: string): Promise<{ record: T, version: Version } | null> => guarded(async () => {
      const { found, _source, _seq_no: sequence = 0, _primary_term: term = 0 } = await client.get({ index, id }, { signal, ignore: [404] })
      return found ? { record: schema.parse(_source), version: { sequence, term } } : null
    }),

    /** Seen by the next search. False where there is one of this id. */
    create: (id: string, record: T): Promise<boolean> => guarded(async () => {
      try {
        await client.index({ index: alias, require_alias: true, id, op_type: 'create', document: record, refresh: true }, { signal })
        return true
      } catch (error) {
        if (statusOf(error) === 409) return false
        throw error
      }
    }),

    /** Seen by the next search. False where it was changed since it was read. */
    replace: (id: string, { sequence, term }: Version, record: T): Promise<boolean> => guarded(async () => {
      try {
        await client.index({ index: alias, require_alias: true, id, if_seq_no: sequence, if_primary_term: term, document: record, refresh: true }, { signal })
        return true
      } catch (error) {
        if (statusOf(error) === 409) return false
        throw error
      }
    }),

    /** Changes some fields of a record that is there, whatever the others are meanwhile. */
    merge: (id: string, fields: Partial<T>): Promise<void> => guarded(async () => {
      await client.update({ index: alias, require_alias: true, id, doc: fields, retry_on_conflict: RETRIES }, { signal, ignore: [404] })
    }),

    put: (records: readonly (readonly [id: string, record: T])[]): Promise<void> =>
      write(records.map(([id, record]): Operation => ({ action: 'index', id, entry: Object.fromEntries(Object.entries(record)) }))),

    /** All that are as described, seen by the next search. */
    removeAll: async (where: Where): Promise<void> => {
      await refresh()
      for (;;) {
        const ids = await guarded(() => idsOf(where))
        if (ids.length === 0) return
        await write(ids.map((id): Operation => ({ action: 'delete', id })))
        await refresh()
      }
    },

    find: (where: Where, { order, size, from = 0, fromSequence }: Page): Promise<{ records: T[], total: number }> => guarded(async () => {
      const [{ hits }, { count }] = await Promise.all([
        client.search({ index, query: queryOf(where, fromSequence), from, size, sort: [{ sequence: order }], ...WHOLE }, { signal }),
        client.count({ index, query: queryOf(where) }, { signal }),
      ])
      return { records: hits.hits.map(({ _source }) => schema.parse(_source)), total: count }
    }),

    /** Sums of number fields over all that are as described. */
    sums: (where: Where, fields: readonly string[]): Promise<Record<string, number>> => guarded(async () => {
      const aggregations = Object.fromEntries(fields.map(field => [field, { sum: { field } }]))
      const answer = await client.search<unknown, Record<string, estypes.AggregationsSumAggregate>>({ index, query: queryOf(where), size: 0, aggregations, ...WHOLE }, { signal })
      return Object.fromEntries(fields.map(field => [field, Math.round(answer.aggregations?.[field]?.value ?? 0)]))
    }),

    /** How many there are of each value of a keyword. */
    counts: (where: Where, field: string): Promise<Record<string, number>> => guarded(async () => {
      const answer = await client.search<unknown, { values: { buckets: { key: string, doc_count: number }[] } }>(
        { index, query: queryOf(where), size: 0, aggregations: { values: { terms: { field, size: PAGE } } }, ...WHOLE }, { signal })
      return Object.fromEntries((answer.aggregations?.values.buckets ?? []).map(({ key, doc_count: count }) => [key, count]))
    }),

    refresh,

    /** False where Elasticsearch has made the index read-only, for want of room. */
    takeWrites: (): Promise<boolean> => guarded(async () => {
      const found = await client.indices.getSettings({ index, name: 'index.blocks.read_only_allow_delete', flat_settings: true }, { signal })
      return !Object.values(found).some(({ settings }) => settings?.['index.blocks.read_only_allow_delete'] === 'true')
    }),
  }
}
