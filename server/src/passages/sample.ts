/**
 * A fair sample of what a text holds: the things whose hashes are the least, which are the same ones in a copy.
 * Ascending; 28 bits of each hash, then 4 of how often the text has it.
 */
export type Sample = Uint32Array

/** A text of a thousand words is kept as a whole; of a longer one this many tell a part to within 3 in 100. */
const SIZE = 1_024
const HIGHEST_COUNT = 15
const EVERY_HASH = 0xfffffff

export interface SampleMaker {
  add(hash: number): void
  made(): Sample
}

/**
 * Holds at most twice what it keeps, however much is added.
 * @param highestCount how often a thing counts at most, up to 15
 */
export function createSample(highestCount = HIGHEST_COUNT): SampleMaker {
  const counts = new Map<number, number>()
  let limit = EVERY_HASH
  const least = (): number[] => [...counts.keys()].sort((a, b) => a - b).slice(0, SIZE)

  const shrink = (): void => {
    limit = least().at(-1) ?? limit
    for (const hash of counts.keys()) if (hash > limit) counts.delete(hash)
  }

  return {
    add(hash) {
      const short = hash >>> 4
      if (short > limit) return
      counts.set(short, Math.min(highestCount, (counts.get(short) ?? 0) + 1))
      if (counts.size === 2 * SIZE) shrink()
    },
    made: () => Uint32Array.from(least(), hash => hash * 16 + (counts.get(hash) ?? 0)),
  }
}

/** The highest hash of which it is known whether the text has it. */
const reachOf = (sample: Sample): number => (sample.length < SIZE ? EVERY_HASH : (sample.at(-1) ?? 0) >>> 4)

/** How much two texts have, and have in common, as far as both samples reach. */
export function compareSamples(a: Sample, b: Sample): { inA: number, inB: number, inBoth: number } {
  const reach = Math.min(reachOf(a), reachOf(b))
  const sum = { inA: 0, inB: 0, inBoth: 0 }
  for (let atA = 0, atB = 0; ;) {
    const [entryA, entryB] = [a[atA], b[atB]]
    const [hashA, hashB] = [entryA === undefined ? Infinity : entryA >>> 4, entryB === undefined ? Infinity : entryB >>> 4]
    if (Math.min(hashA, hashB) > reach) return sum
    const countA = hashA <= hashB ? (entryA ?? 0) & 15 : 0
    const countB = hashB <= hashA ? (entryB ?? 0) & 15 : 0
    sum.inA += countA
    sum.inB += countB
    sum.inBoth += Math.min(countA, countB)
    if (hashA <= hashB) atA++
    if (hashB <= hashA) atB++
  }
}
