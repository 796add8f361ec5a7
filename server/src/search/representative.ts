/** Vectors that are compared with each other: the work grows with their square. */
const MOST_COMPARED = 200

/**
 * Which of a long text's vectors stand for all of it: one after the other, each time the one that brings the most of the whole nearer to what is chosen.
 * So every subject has its part, and a passage that resembles nothing else (a table, a signature) is not taken for being odd.
 * @param vectors of unit length, in the order of the text
 * @returns indexes in the same order, `most` at most
 */
export function representative(vectors: readonly Float32Array[], most: number): number[] {
  if (vectors.length <= most) return [...vectors.keys()]
  const compared = spread(vectors.length, MOST_COMPARED)
  const similarities = compared.map(one => Float32Array.from(compared, other => cosine(vectors[one], vectors[other])))
  const reached = new Float32Array(compared.length)
  const chosen = new Set<number>()
  while (chosen.size < Math.min(most, compared.length)) {
    const gains = similarities.map((row, at) => (chosen.has(at) ? -1 : gainOf(row, reached)))
    const next = gains.indexOf(Math.max(...gains))
    chosen.add(next)
    similarities[next]?.forEach((similarity, at) => { reached[at] = Math.max(reached[at] ?? 0, similarity) })
  }
  return compared.filter((_, at) => chosen.has(at))
}

/** So many indexes of a list: first, last, and evenly spaced between. */
export function spread(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, index) => index)
  if (most === 1) return [0]
  return Array.from({ length: most }, (_, index) => Math.round(index * (length - 1) / (most - 1)))
}

const gainOf = (row: Float32Array, reached: Float32Array): number => row.reduce((sum, similarity, at) => sum + Math.max(0, similarity - (reached[at] ?? 0)), 0)

function cosine(a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0)
  return sum
}
