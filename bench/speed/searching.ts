import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SimilarRequest } from '../../shared/src/types.ts'
import { SimilarRequestSchema } from '../../shared/src/contract/similar.ts'
import type { Embedder, Embedders } from '../../server/src/embedding/embedder.ts'
import { watchPeak } from '../../server/src/testing/peak-memory.ts'
import { makeCollection } from '../quality/collections.ts'
import { folderOf, idOf, openCollection, type GrownCollection, type OpenStore } from './collection.ts'
import { startReference } from './contenders.ts'
import { exponentOf, percentile, round } from './measure.ts'
import { EQUAL_COSINES } from '../../server/src/store/store.ts'
import type { PythonSide } from './python.ts'
import type { Claim, Part, Row } from './report.ts'

export interface SearchingOptions {
  /** Passages in the store, from few to many. */
  readonly sizes: readonly number[]
  /** Of each way to search, at each size. */
  readonly queries: number
  readonly python: PythonSide | null
  readonly say: (text: string) => void
  readonly openStore?: OpenStore
}

/** Beyond it the reference needs many minutes to build its index. */
const REFERENCE_PASSAGES = 100_000
const REFERENCE_CALLS = 20
/** The size of which the figures are promised. */
const PROMISED = 100_000
const signal = new AbortController().signal

type Ask = (text: string, turn: number) => Promise<unknown>

export interface Measured {
  readonly size: number
  readonly latencies: ReadonlyMap<string, readonly number[]>
  readonly recall: { readonly plain: number, readonly filtered: number }
  readonly writing: number
  readonly indexing: number
  readonly megabytes: number
  readonly bytesOfEach: number
}

/** Latency of each way to search a warm store that grows, beside an exact scan and the reference's call. */
export async function measureSearching(embedders: Embedders, options: SearchingOptions): Promise<Part[]> {
  const measured = await measureSizes(embedders, options)
  return [{ ...latencyPart('searching', measured), claims: measured.filter(({ size }) => size === PROMISED).flatMap(claimsOf) }, growthPart('store', 'LanceDB', measured)]
}

/** Everything that is measured of a store at each size. */
export async function measureSizes(embedders: Embedders, { sizes, queries, python, say, openStore }: SearchingOptions): Promise<Measured[]> {
  await using collection = await openCollection(embedders, openStore)
  const embedder = await embedders.get(embedders.defaultModel.id)
  const texts = await questions(queries)
  const measured: Measured[] = []
  for (const size of sizes) {
    say(`searching: ${size} passages`)
    using memory = watchPeak(100)
    const grown = await collection.grow(size)
    const latencies = await takeTurns(waysOf(collection, embedder, size), texts)
    if (python !== null && size <= REFERENCE_PASSAGES) {
      const [first = NaN, ...later] = await referenceCalls(python, collection, texts)
      latencies.set(REFERENCE_FIRST, [first]).set(REFERENCE, later)
    }
    const { bytes } = await collection.store.statistics(collection.generation)
    measured.push({ size, latencies, recall: await recallOf(collection, embedder, texts, size), ...grown, megabytes: memory.most(), bytesOfEach: bytes / size })
  }
  return measured
}

/** English questions of the sample collection's judgements, over and over; each one is its own. */
async function questions(count: number): Promise<string[]> {
  const { queries } = await makeCollection.sample('')
  const english = queries.filter(({ language }) => language === 'ENGLISH')
  return Array.from({ length: count }, (_, index) => `${english[index % english.length]?.text ?? ''} ${index + 2000}`)
}

/** Of a process: it loads the libraries too. */
const REFERENCE_FIRST = 'the reference\'s first call'
/** It loads the model. */
const REFERENCE = 'the reference\'s call'
const EXACT = 'one embedding + exact scan'

/** Each way asks with a text of its own, so that no vector is remembered; but for the next page, which comes after the first. */
function waysOf({ store, project, generation, find }: GrownCollection, embedder: Embedder, size: number): ReadonlyMap<string, Ask> {
  const ask = (request: Partial<SimilarRequest>): Promise<unknown> => find(project, SimilarRequestSchema.parse(request), signal)
  const documents = size / 6
  return new Map<string, Ask>([
    [EXACT, async (text) => {
      const [embedding = new Float32Array()] = await embedder.queries([text])
      await store.meaning(project, generation, [embedding], { limit: 10, filter: {}, exact: true })
    }],
    ['meaning', text => ask({ queries: [`${text} a`], mode: 'meaning' })],
    ['words', text => ask({ queries: [`${text} b`], mode: 'words' })],
    ['hybrid', text => ask({ queries: [`${text} c`] })],
    ['hybrid, the next page', text => ask({ queries: [`${text} c`], from: 10 })],
    ['hybrid, in a folder (1 in 100)', (text, turn) => ask({ queries: [`${text} d`], filters: { path: folderOf(turn) } })],
    ['document to document', (_, turn) => ask({ like: [{ documentId: idOf(Math.floor(turn * 7919 % documents)) }] })],
  ])
}

async function takeTurns(ways: ReadonlyMap<string, Ask>, texts: readonly string[]): Promise<Map<string, number[]>> {
  const taken = new Map<string, number[]>([...ways.keys()].map(name => [name, []]))
  for (const [name, ask] of ways) await ask(`warm ${name}`, 0)
  for (const [turn, text] of texts.entries()) {
    for (const [name, ask] of ways) {
      const started = performance.now()
      await ask(text, turn)
      taken.get(name)?.push(performance.now() - started)
    }
  }
  return taken
}

async function referenceCalls({ python, transformer }: PythonSide, { vectorFile, generation }: GrownCollection, texts: readonly string[]): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'similarity-reference-'))
  try {
    await using reference = await startReference(python, 'search', transformer, vectorFile, String(generation.dimensions), folder)
    const walls: number[] = []
    for (const query of texts.slice(0, 1 + REFERENCE_CALLS)) walls.push((await reference.ask({ query })).wallMs)
    return walls
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** How many of the ten nearest passages the index finds: of all, and of those in a folder. */
async function recallOf({ store, project, generation }: GrownCollection, embedder: Embedder, texts: readonly string[], size: number): Promise<Measured['recall']> {
  const found = { plain: 0, filtered: 0 }
  for (const [turn, embedding] of (await embedder.queries(texts)).entries()) {
    for (const [kind, filter] of [['plain', {}], ['filtered', { path: folderOf(turn) }]] as const) {
      const [[exact], [quick]] = await Promise.all([store.meaning(project, generation, [embedding], { limit: 10, filter, exact: true }), store.meaning(project, generation, [embedding], { limit: 10, filter })])
      const scores = quick?.map(({ score }) => score) ?? []
      // By score: of equal ones either is right.
      found[kind] += (exact ?? []).filter(({ score }) => scores.some(other => Math.abs(other - score) < EQUAL_COSINES)).length / Math.min(10, exact?.length ?? size)
    }
  }
  return { plain: round(found.plain / texts.length), filtered: round(found.filtered / texts.length) }
}

export function latencyPart(name: string, measured: readonly Measured[]): Part {
  const rows = measured.flatMap(({ size, latencies, recall }): Row[] => [...latencies].map(([way, values]) => ({
    name: `${size.toLocaleString('en')}: ${way}`,
    figures: {
      'p50': percentile(values, 50), 'p95': percentile(values, 95), 'p99': percentile(values, 99),
      'recall@10': way === 'meaning' ? recall.plain : way.includes('folder') ? recall.filtered : undefined,
    },
  })))
  return { name, unit: 'ms, warm, one at a time; hydration answers at once', rows, claims: [] }
}

function claimsOf({ latencies, recall }: Measured): Claim[] {
  const at = (name: string, percent: number): number => percentile(latencies.get(name) ?? [], percent)
  const claims: Claim[] = [
    { claim: 'hybrid p95 ÷ (one embedding + exact scan) p95, 100,000 passages', most: 2, measured: round(at('hybrid', 95) / at(EXACT, 95)) },
    { claim: 'recall@10 of the index, 100,000 passages', least: 0.99, measured: recall.plain },
    { claim: 'recall@10 of the index in a folder, 100,000 passages', least: 0.99, measured: recall.filtered },
  ]
  if (latencies.has(REFERENCE)) claims.push({ claim: 'the reference\'s call ÷ hybrid, p50, 100,000 passages', least: 50, measured: round(at(REFERENCE, 50) / at('hybrid', 50)) })
  return claims
}

export function growthPart(name: string, store: string, measured: readonly Measured[]): Part {
  const exponent = (cost: (each: Measured) => number): number => exponentOf(measured.map(each => ({ size: each.size, cost: cost(each) })))
  let built = 0
  const cumulative = measured.map((each) => {
    built += each.writing + each.indexing
    return { ...each, built }
  })
  const claims: Claim[] = measured.length < 3
    ? []
    : [
        { claim: 'exponent of the time to write and index', most: 1.05, measured: exponentOf(cumulative.map(each => ({ size: each.size, cost: each.built }))) },
        { claim: 'exponent of memory', most: 1.05, measured: exponent(each => each.megabytes) },
      ]
  return {
    name, unit: `${store}; seconds since the size before`,
    rows: measured.map(({ size, writing, indexing, megabytes, bytesOfEach }) => ({
      name: `${size.toLocaleString('en')} passages`,
      figures: { 'writing, s': round(writing), 'indexing, s': round(indexing), 'most memory, MB': round(megabytes), 'bytes of a passage': Math.round(bytesOfEach) },
    })),
    claims,
  }
}
