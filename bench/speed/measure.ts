/** Of repeated measurements of the same thing. */
export interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Middle and ends, rounded to what the machine's noise leaves of it. */
export const figureOf = (values: readonly number[]): Figure => ({ median: percentile(values, 50), low: round(Math.min(...values)), high: round(Math.max(...values)) })

/** Nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return round(sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)] ?? NaN)
}

export const round = (value: number): number => Number(value.toPrecision(3))

/** The power with which a cost grows with a size: 1 where it doubles with it. Least squares over the logarithms. */
export function exponentOf(points: readonly { readonly size: number, readonly cost: number }[]): number {
  const logs = points.map(({ size, cost }) => [Math.log(size), Math.log(cost)] as const)
  const mean = (at: 0 | 1): number => logs.reduce((sum, log) => sum + log[at], 0) / logs.length
  const [meanSize, meanCost] = [mean(0), mean(1)]
  const spread = logs.reduce((sum, [size]) => sum + (size - meanSize) ** 2, 0)
  return spread === 0 ? NaN : round(logs.reduce((sum, [size, cost]) => sum + (size - meanSize) * (cost - meanCost), 0) / spread)
}
