/** Hashes for comparing texts with each other: 32 bits, signed, alike on every machine. Not for secrets. */

/** Every bit of the input has a part in every bit of the output; no two inputs give the same. */
export function spread(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x7feb352d)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x846ca68b)
  return hash ^ (hash >>> 16)
}

export function hashOf(word: string): number {
  let hash = 0
  for (let unit = 0; unit < word.length; unit++) hash = Math.imul(hash, 31) + word.charCodeAt(unit) | 0
  return spread(hash)
}

/** Of these in this order. */
export const hashOfAll = (hashes: Int32Array): number => hashes.reduce((all, hash) => spread(Math.imul(all, 31) + hash | 0), 0)
