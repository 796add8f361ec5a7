import type { Embedder } from '../embedding/embedder.ts'
import type { Background, Calibration } from '../store/generation.ts'
import type { SampledPassage } from '../store/store.ts'

/** Fewer pairs say nothing about what is usual. */
const ENOUGH_PAIRS = 30
/** Passages out of which a query is made. */
const QUERIES = 60
/** Passages that each of these queries is compared with. */
const PER_QUERY = 20
const QUERY_WORDS = 10

/**
 * What unrelated looks like in this project: cosines of passages of different documents, and of short queries with passages.
 * Queries are shorter than passages, so that their cosines are lower; here they are pieces of other documents' passages.
 * @returns null where the sample is too small to say
 */
export async function calibrate(sample: readonly SampledPassage[], embedder: Embedder, signal: AbortSignal): Promise<Calibration | null> {
  const pairs = pairCosines(sample)
  if (pairs.length < ENOUGH_PAIRS) return null
  const queries = await queryCosines(sample, embedder, signal)
  return { passages: backgroundOf(pairs), queries: backgroundOf(queries.length < ENOUGH_PAIRS ? pairs : queries) }
}

/** Pairs passages that stand half the sample apart: the same table gives the same cosines. */
function pairCosines(sample: readonly SampledPassage[]): number[] {
  const half = Math.floor(sample.length / 2)
  return sample.slice(0, half).flatMap((one, index) => cosineOf(one.embedding, one.documentId, sample[index + half]))
}

async function queryCosines(sample: readonly SampledPassage[], embedder: Embedder, signal: AbortSignal): Promise<number[]> {
  const step = Math.max(1, Math.floor(sample.length / QUERIES))
  const sources = sample.map((passage, index) => ({ passage, index })).filter(({ index }) => index % step === 0).slice(0, QUERIES)
  const vectors = await embedder.queries(sources.map(({ passage }) => asQuery(passage.text)), signal)
  return vectors.flatMap((vector, at) => {
    const source = sources[at]
    if (source === undefined) return []
    return Array.from({ length: PER_QUERY }, (_, index) => sample[(source.index + 1 + index * step) % sample.length])
      .flatMap(other => cosineOf(vector, source.passage.documentId, other))
  })
}

/** Some words from the middle of a passage; of a script without spaces, as many characters as ten words have. */
function asQuery(text: string): string {
  const words = text.split(/\s+/)
  const middle = Math.max(0, Math.floor(words.length / 2) - QUERY_WORDS / 2)
  return words.slice(middle, middle + QUERY_WORDS).join(' ').slice(0, QUERY_WORDS * 10)
}

/** Nothing for the same document: its passages are related. Vectors have unit length. */
function cosineOf(vector: Float32Array, documentId: string, other: SampledPassage | undefined): number[] {
  if (other === undefined || other.documentId === documentId) return []
  return [vector.reduce((sum, x, index) => sum + x * (other.embedding[index] ?? 0), 0)]
}

/**
 * Median, and the distance to it below which a sixth lies: as mean and deviation of a normal distribution,
 * but untouched by the pairs that are related after all, or alike because the model does not know their language.
 */
function backgroundOf(cosines: readonly number[]): Background {
  const sorted = cosines.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0
  return { median: at(0.5), deviation: at(0.5) - at(0.16) }
}
