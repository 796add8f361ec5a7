/** Documents of a list that count. */
const DEPTH = 10

/** One query's figures, each from 0 to 1. */
export interface Measures {
  readonly ndcg: number
  readonly recall: number
  /** 1 / rank of the first relevant document; 0 where none is among the first ten. */
  readonly mrr: number
}

export interface Estimate {
  readonly mean: number
  /** 95 % interval. */
  readonly low: number
  readonly high: number
}

/** nDCG@10, recall@10 and reciprocal rank of a list of document ids, best first, each id once; the gain of a relevant document is 1. */
export function measure(found: readonly string[], relevant: readonly string[]): Measures {
  const wanted = new Set(relevant)
  const ranks = found.slice(0, DEPTH).flatMap((id, index) => (wanted.has(id) ? [index + 1] : []))
  const ideal = Array.from({ length: Math.min(DEPTH, wanted.size) }, (_, index) => index + 1)
  return { ndcg: gain(ranks) / gain(ideal), recall: ranks.length / Math.min(DEPTH, wanted.size), mrr: ranks[0] === undefined ? 0 : 1 / ranks[0] }
}

const gain = (ranks: readonly number[]): number => ranks.reduce((sum, rank) => sum + 1 / Math.log2(rank + 1), 0)

const DRAWS = 2_000

/** The mean of some queries' figures. For a difference of two systems give the differences by query: the draws are paired then. */
export function bootstrap(values: readonly number[]): Estimate {
  const next = dice()
  const means = Float64Array.from({ length: DRAWS }, () => meanOf(values.length, () => values[Math.floor(next() * values.length)] ?? 0)).sort()
  const at = (part: number): number => means[Math.round((DRAWS - 1) * part)] ?? 0
  let index = 0
  return { mean: meanOf(values.length, () => values[index++] ?? 0), low: at(0.025), high: at(0.975) }
}

function meanOf(count: number, value: () => number): number {
  let sum = 0
  for (let drawn = 0; drawn < count; drawn++) sum += value()
  return count === 0 ? 0 : sum / count
}

/** The same numbers from 0 to 1 at every run. */
function dice(): () => number {
  let state = 20_260_101
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
