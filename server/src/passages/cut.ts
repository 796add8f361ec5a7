import type { Passage } from './passage.ts'
import { CHARACTERS_PER_TOKEN, units, type CutOptions, type Unit } from './units.ts'

/** A passage being filled: first what it shares with the one before, then what is new. */
interface Draft {
  readonly units: Unit[]
  /** How many of the units are in no passage yet: the last ones. */
  fresh: number
}

const sizeOf = (parts: readonly Unit[]): number => parts.reduce((sum, { size }) => sum + size, 0)

function hasRoom(draft: Draft, unit: Unit, { maxTokens }: CutOptions): boolean {
  const first = draft.units[0]
  if (first === undefined) return true
  return sizeOf(draft.units) + unit.size <= maxTokens && unit.end - first.start <= maxTokens * CHARACTERS_PER_TOKEN
}

/** The last units of a passage that its successor begins with: never all of them. */
function overlapOf(taken: readonly Unit[], overlapTokens: number): Unit[] {
  const shared: Unit[] = []
  let size = 0
  for (const unit of taken.slice(1).reverse()) {
    if (size >= overlapTokens || size + unit.size > overlapTokens * 1.5) break
    size += unit.size
    shared.unshift(unit)
  }
  return shared
}

/**
 * Takes as much of the draft as really fits, and leaves the overlap and the rest in it.
 * The sum of the units' tokens is nearly always an upper bound, but no tokenizer promises it: the passage itself is counted.
 * Null for what has no tokens at all (control characters): its vector would mean nothing.
 */
function take(content: string, draft: Draft, options: CutOptions): Omit<Passage, 'ordinal'> | null {
  let parts = draft.units
  for (;;) {
    const first = parts[0]
    const last = parts.at(-1)
    if (first === undefined || last === undefined) return null
    const text = content.slice(first.start, last.end)
    const tokens = options.countTokens(text)
    if (tokens <= options.maxTokens || parts.length === 1) {
      const rest = draft.units.slice(draft.units.indexOf(last) + 1)
      draft.units.splice(0, draft.units.length, ...overlapOf(parts, options.overlapTokens), ...rest)
      draft.fresh = rest.length
      return tokens === 0 ? null : { start: first.start, end: last.end, text }
    }
    const isFirstShared = draft.units.indexOf(first) < draft.units.length - draft.fresh
    parts = isFirstShared ? parts.slice(1) : parts.slice(0, -1)
  }
}

/** Passages that have to be made before the unit finds room. */
function* makeRoom(content: string, draft: Draft, unit: Unit, options: CutOptions): Generator<Omit<Passage, 'ordinal'>> {
  while (!hasRoom(draft, unit, options)) {
    if (draft.fresh === 0) {
      draft.units.shift()
      continue
    }
    const passage = take(content, draft, options)
    if (passage !== null) yield passage
  }
}

function* slices(content: string, options: CutOptions): Generator<Omit<Passage, 'ordinal'>> {
  const draft: Draft = { units: [], fresh: 0 }
  for (const unit of units(content, options)) {
    yield* makeRoom(content, draft, unit, options)
    draft.units.push(unit)
    draft.fresh++
  }
  while (draft.fresh > 0) {
    const passage = take(content, draft, options)
    if (passage !== null) yield passage
  }
}

/**
 * Cuts a content into passages of whole sentences, in order, each with its exact place in UTF-16 units.
 * Neighbours overlap by whole sentences. Nothing of an empty or blank content.
 * A generator, so that whoever embeds can pause, answer and stop between two passages of a long document.
 */
export function* cutPassages(content: string, options: CutOptions): Generator<Passage> {
  let ordinal = 0
  for (const slice of slices(content, options)) yield { ordinal: ordinal++, ...slice }
}
