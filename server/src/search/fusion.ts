/** The rank constant of reciprocal rank fusion. The field's 60 lets thirtieth places in three lists beat two first ones; from 2 to 10 measured alike, and better. */
const RANK_CONSTANT = 5

/** An id at its place in a list; null for a place that does not count. */
export type Vote = string | null

export interface Fused {
  readonly id: string
  readonly score: number
}

/**
 * Reciprocal rank fusion with equal weights, best first, ties by id.
 * Each list holds an id once, best first. Its standing in the lists `against` is subtracted; those lists bring none in.
 */
export function fuse(lists: readonly (readonly Vote[])[], against: readonly (readonly Vote[])[] = []): Fused[] {
  const gains = contributions(lists)
  const losses = contributions(against)
  return [...gains]
    .map(([id, gained]) => ({ id, score: sum(gained) - sum(losses.get(id) ?? []) }))
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}

function contributions(lists: readonly (readonly Vote[])[]): Map<string, number[]> {
  const byId = new Map<string, number[]>()
  for (const list of lists) {
    for (const [index, id] of list.entries()) {
      if (id === null) continue
      const gained = byId.get(id)
      if (gained === undefined) byId.set(id, [reciprocal(index)])
      else gained.push(reciprocal(index))
    }
  }
  return byId
}

const reciprocal = (index: number): number => 1 / (RANK_CONSTANT + index + 1)

/** In a fixed order, so that the order of the lists cannot change the last bits and with them a tie. */
const sum = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b).reduce((total, each) => total + each, 0)
