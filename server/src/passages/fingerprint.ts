import { setImmediate } from 'node:timers/promises'
import { hashOf, hashOfAll, spread } from './hash.ts'
import { compareSamples, createSample, type Sample } from './sample.ts'
import { wordsOf } from './text-words.ts'

/** What is kept of a text to tell whether another one is a copy of it: no more for a book than for a long letter. */
export interface Fingerprint {
  /** Two copies nearly always have one in common, at the same place: so they find each other. */
  readonly bands: Int32Array
  /** Pairs of neighbouring words: they say how much of two texts is the same. */
  readonly pairs: Sample
  /** With the names they part two documents that were made from one form. */
  readonly numbers: Sample
  readonly names: Sample
}

/** Recorded with a generation: a change of what is kept, or how, means a new generation. */
export const FINGERPRINT_RULES = 'pairs-12-v1'

/** With three hashes each: texts that have two thirds of their pairs in common share one in 98 of 100 cases, those with a twentieth in 1 of 700. */
export const BANDS = 12
const BAND_HASHES = 3
const ORDERS = BANDS * BAND_HASHES
const FLIPS = Int32Array.from({ length: ORDERS }, (_, order) => spread(2 * order + 1))
const FACTORS = Int32Array.from({ length: ORDERS }, (_, order) => spread(2 * order + 2) | 1)

/** Shorter texts are too often made from one form, with another name in it: of them only identical ones are copies. */
export const LEAST_WORDS = 40
/** A changed word takes two pairs along: a copy with changes in a tenth of its words keeps at least this part. */
const LEAST_SIMILARITY = 0.77
/** Of two documents of one form both lack so many of the other's names, or of its numbers, and so large a part of them. A copy with changes in a tenth of its words lacks fewer. */
const OF_ONE_FORM = { missing: 5, part: 0.3 }

/** Words before the event loop has a turn: a few milliseconds. */
const WORDS_AT_ONCE = 10_000
/** Words whose hash is remembered within one text. */
const REMEMBERED = 50_000

/**
 * Case, accents, white space and punctuation do not count.
 * @returns null for a text of less than LEAST_WORDS words
 * @throws the signal's reason
 */
export async function fingerprintOf(content: string, signal?: AbortSignal): Promise<Fingerprint | null> {
  const [pairs, numbers, names] = [createSample(), createSample(1), createSample(1)]
  const least = new Int32Array(ORDERS).fill(0x7fffffff)
  const hashOfWord = remembering(text => hashOf(folded(text)))
  let words = 0
  let before = 0
  for (const { text, kind } of wordsOf(content)) {
    const word = hashOfWord(text)
    const pair = spread(Math.imul(before, 31) + word | 0)
    if (kind === 'number') numbers.add(word)
    if (kind === 'name') names.add(word)
    if (words > 0) {
      pairs.add(pair)
      keepLeast(least, pair)
    }
    before = word
    words++
    if (words % WORDS_AT_ONCE > 0) continue
    await setImmediate()
    signal?.throwIfAborted()
  }
  if (words < LEAST_WORDS) return null
  const bands = Int32Array.from({ length: BANDS }, (_, band) => hashOfAll(least.subarray(band * BAND_HASHES, (band + 1) * BAND_HASHES)))
  return { bands, pairs: pairs.made(), numbers: numbers.made(), names: names.made() }
}

const ASCII = /^[\0-\x7f]*$/

const folded = (word: string): string =>
  ASCII.test(word) ? word.toLowerCase() : word.normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase()

function remembering(make: (word: string) => number): (word: string) => number {
  const known = new Map<string, number>()
  return (word) => {
    const hash = known.get(word) ?? make(word)
    if (known.size < REMEMBERED) known.set(word, hash)
    return hash
  }
}

/** The least of the hashes in each of many orders: of two texts they are the same as often as their pairs are. */
function keepLeast(least: Int32Array, pair: number): void {
  for (let order = 0; order < ORDERS; order++) {
    const hash = Math.imul(pair ^ (FLIPS[order] ?? 0), FACTORS[order] ?? 1)
    const place = hash ^ (hash >>> 15)
    if (place < (least[order] ?? 0)) least[order] = place
  }
}

/**
 * How much of two texts is the same: the part of the longer one's pairs that stand in the other too, from LEAST_SIMILARITY to 1.
 * A text with a few sentences around it is a copy of it, one with as much again is not.
 * @returns null where neither is a copy of the other
 */
export function similarityOf(a: Fingerprint, b: Fingerprint): number | null {
  const { inA, inB, inBoth } = compareSamples(a.pairs, b.pairs)
  const similarity = inBoth / Math.max(inA, inB)
  return similarity < LEAST_SIMILARITY || differ(a.numbers, b.numbers) || differ(a.names, b.names) ? null : similarity
}

function differ(a: Sample, b: Sample): boolean {
  const { inA, inB, inBoth } = compareSamples(a, b)
  return [inA, inB].every(own => own - inBoth >= OF_ONE_FORM.missing && own - inBoth >= own * OF_ONE_FORM.part)
}
