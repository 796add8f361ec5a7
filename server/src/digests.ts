import { hash } from 'node:crypto'

const SHARDS = 64
const FIRST_SLOTS = 16
/** Above it a shard doubles. */
const FULL = 0.75
const EMPTY = NaN

/** Numbers by text, for millions of texts at once: of each text only a digest is kept. */
export interface DigestMap {
  readonly size: number
  get(text: string): number | undefined
  set(text: string, value: number): void
}

/** Sixty-four bits of a text's SHA-256: of ten million texts two have the same with a chance of one in 370,000. */
interface Digest {
  readonly shard: number
  readonly high: number
  readonly low: number
}

function digestOf(text: string): Digest {
  const bytes = hash('sha256', text, 'buffer')
  return { shard: bytes.readUInt8(8) % SHARDS, high: bytes.readUInt32LE(0), low: bytes.readUInt32LE(4) }
}

/** Of a text, as a number that a DigestMap can hold: 48 bits. */
export const digestNumber = (text: string): number => hash('sha256', text, 'buffer').readUIntLE(0, 6)

/**
 * A text takes 16 bytes, and as much again for the empty slots: a `Map` of ids and their rows takes more than ten times as much,
 * and ends at sixteen million. In shards, so that none takes long to grow while searches wait.
 */
export function createDigestMap(): DigestMap {
  const shards = Array.from({ length: SHARDS }, createShard)
  return {
    get size() {
      return shards.reduce((sum, shard) => sum + shard.size(), 0)
    },
    get(text) {
      const digest = digestOf(text)
      return shards[digest.shard]?.get(digest)
    },
    set(text, value) {
      const digest = digestOf(text)
      shards[digest.shard]?.set(digest, value)
    },
  }
}

interface Slots {
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** EMPTY where nothing is. */
  readonly values: Float64Array
}

const emptySlots = (count: number): Slots => ({ high: new Uint32Array(count), low: new Uint32Array(count), values: new Float64Array(count).fill(EMPTY) })

/** Where a digest is, or the empty slot where it would be: the slots are tried one after another. */
function slotOf({ high, low, values }: Slots, digest: Pick<Digest, 'high' | 'low'>): number {
  let slot = digest.low % values.length
  while (!Number.isNaN(values[slot]) && (high[slot] !== digest.high || low[slot] !== digest.low)) slot = (slot + 1) % values.length
  return slot
}

function put(slots: Slots, { high, low }: Pick<Digest, 'high' | 'low'>, value: number): void {
  const slot = slotOf(slots, { high, low })
  slots.high[slot] = high
  slots.low[slot] = low
  slots.values[slot] = value
}

function createShard() {
  let slots = emptySlots(FIRST_SLOTS)
  let size = 0

  const grow = (): void => {
    const before = slots
    slots = emptySlots(before.values.length * 2)
    before.values.forEach((value, slot) => {
      if (!Number.isNaN(value)) put(slots, { high: before.high[slot] ?? 0, low: before.low[slot] ?? 0 }, value)
    })
  }

  return {
    size: () => size,
    get(digest: Digest): number | undefined {
      const value = slots.values[slotOf(slots, digest)]
      return value === undefined || Number.isNaN(value) ? undefined : value
    },
    set(digest: Digest, value: number): void {
      if (Number.isNaN(slots.values[slotOf(slots, digest)])) {
        if (size + 1 > slots.values.length * FULL) grow()
        size++
      }
      put(slots, digest, value)
    },
  }
}
