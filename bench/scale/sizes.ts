import type { Embedders } from '../../server/src/embedding/embedder.ts'
import { openElasticsearchStore } from '../../server/src/store/elasticsearch/elasticsearch.ts'
import { log } from '../../server/src/testing/chain.ts'
import { startElasticsearch } from '../../server/src/testing/elasticsearch.ts'
import { percentile, round } from '../speed/measure.ts'
import type { Claim, Part } from '../speed/report.ts'
import { growthPart, latencyPart, measureSizes, type Measured } from '../speed/searching.ts'

interface SizesOptions {
  readonly sizes: readonly number[]
  readonly queries: number
  readonly say: (text: string) => void
}

const LEAST_RECALL = 0.98
/** Of the first size, which is a hundredth of the largest at most. */
const MOST_SLOWER = 10

/** How LanceDB grows: latency, recall, time, memory and disk. */
export const measureLance = async (embedders: Embedders, options: SizesOptions): Promise<Part[]> =>
  partsOf('LanceDB', await measureSizes(embedders, { ...options, python: null }))

/** How Elasticsearch grows, as one node with a heap of 2 GB; the memory is that of the process that asks it. */
export async function measureElasticsearch(embedders: Embedders, options: SizesOptions): Promise<Part[]> {
  process.env['ES_HEAP'] = '2g'
  // Compiled as in operation: the tests' own options favour a quick start.
  process.env['ES_JAVA_OPTS'] ??= ''
  const node = await startElasticsearch()
  try {
    return partsOf('Elasticsearch', await measureSizes(embedders, { ...options, python: null, openStore: () => openElasticsearchStore({ url: node.url, log }) }))
  } finally {
    await node.stop()
  }
}

function partsOf(store: string, measured: readonly Measured[]): Part[] {
  const latency = latencyPart(`searching in ${store}`, measured)
  return [{ ...latency, claims: claimsOf(store, measured) }, growthPart(`growth of ${store}`, store, measured)]
}

function claimsOf(store: string, measured: readonly Measured[]): Claim[] {
  const [first, last] = [measured[0], measured.at(-1)]
  if (first === undefined || last === undefined) return []
  const p95 = ({ latencies }: Measured): number => percentile(latencies.get('hybrid') ?? [], 95)
  const size = last.size.toLocaleString('en')
  return [
    { claim: `${store}: recall@10 of the index at ${size} passages`, least: LEAST_RECALL, measured: last.recall.plain },
    { claim: `${store}: hybrid p95 at ${size} ÷ at ${first.size.toLocaleString('en')}`, most: MOST_SLOWER, measured: round(p95(last) / p95(first)) },
  ]
}
