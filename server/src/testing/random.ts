import { randomInt } from 'node:crypto'

export interface Dice {
  /** Gives the same course again: set as SIMILARITY_SEED. */
  readonly seed: number
  /** 0..1 */
  next(): number
  /** from..to, whole. */
  between(from: number, to: number): number
}

/** Random numbers with a seed that is printed, so that a failed run can be had again. */
export function rollDice(name: string): Dice {
  const seed = Number(process.env['SIMILARITY_SEED'] ?? randomInt(2 ** 31))
  console.info(`${name}: SIMILARITY_SEED=${seed}`)
  return dice(seed)
}

/** The same numbers at every run. */
export function dice(seed: number): Dice {
  let state = seed
  const next = (): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2C1B3C6D) + 0x6D2B79F5 | 0
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32
  }
  return { seed, next, between: (from, to) => from + Math.floor(next() * (to - from + 1)) }
}
