import { z } from 'zod'
import type { SampledPassage, StoreStatistics } from '../store.ts'
import { ofStatus } from './filter.ts'
import { indexNames } from './layout.ts'
import { SAMPLE_FIELDS, toSample, WHOLE } from './reading.ts'
import { countPassages, type Reading } from './search.ts'

const MOST_LANGUAGES = 1_000
const CountsSchema = z.object({ buckets: z.array(z.object({ key: z.string(), doc_count: z.number() })) })
const FiguresSchema = z.object({
  statuses: CountsSchema,
  truncated: z.object({ doc_count: z.number() }),
  vectorized: z.object({ languages: CountsSchema }),
})

const toCounts = ({ buckets }: z.infer<typeof CountsSchema>): Record<string, number> => Object.fromEntries(buckets.map(({ key, doc_count }) => [key, doc_count]))

/** Bytes are those of all copies that the cluster keeps, as its own statistics have them, which are some seconds old. */
export async function statisticsOf(reading: Reading): Promise<StoreStatistics> {
  const { client, generation, signal } = reading
  const names = indexNames(generation)
  const [{ aggregations }, passages, stats] = await Promise.all([
    client.search({
      index: names.documents, size: 0, ...WHOLE,
      aggs: {
        statuses: { terms: { field: 'status' } },
        truncated: { filter: { term: { truncated: true } } },
        vectorized: { filter: ofStatus('vectorized'), aggs: { languages: { terms: { field: 'language', size: MOST_LANGUAGES } } } },
      },
    }, { signal }),
    countPassages(reading),
    client.indices.stats({ index: Object.values(names), metric: 'store' }, { signal }),
  ])
  const { statuses, truncated, vectorized: ofVectorized } = FiguresSchema.parse(aggregations)
  const { vectorized = 0, empty = 0, failed = 0 } = toCounts(statuses)
  return {
    documents: { vectorized, empty, failed, truncated: truncated.doc_count },
    passages,
    bytes: stats._all.total?.store?.size_in_bytes ?? 0,
    languages: toCounts(ofVectorized.languages),
  }
}

/** The first by places that are spread by chance: the same ones as long as the passages are. */
export async function samplePassages({ client, generation, signal }: Reading, size: number): Promise<SampledPassage[]> {
  const { hits } = await client.search({
    index: indexNames(generation).passages, size, sort: [{ place: 'asc' }, { documentId: 'asc' }, { ordinal: 'asc' }],
    _source: SAMPLE_FIELDS, docvalue_fields: ['vector'], ...WHOLE,
  }, { signal })
  return hits.hits.map(toSample)
}
