import { BEGINS } from './blocks.ts'
import type { Passage } from './passage.ts'
import { broken, CHARACTERS_PER_TOKEN, units, type CutOptions, type Unit } from './units.ts'

type Slice = Omit<Passage, 'ordinal'>

/** A passage being filled: first what it shares with the one before, then what is new. */
interface Draft {
  readonly units: Unit[]
  /** How many of the units are in no passage yet: the last ones. */
  fresh: number
}

/** How full a passage has to be to end where this begins, instead of further on. */
const FULL_ENOUGH = {
  [BEGINS.nothing]: 1,
  [BEGINS.line]: 3 / 4,
  [BEGINS.paragraph]: 2 / 3,
  [BEGINS.section]: 1 / 2,
  [BEGINS.message]: 1 / 3,
}

const sizeOf = (parts: readonly Unit[]): number => parts.reduce((sum, { size }) => sum + size, 0)
const sharedIn = ({ units, fresh }: Draft): number => units.length - fresh

function hasRoom(parts: readonly Unit[], unit: Unit, { maxTokens }: CutOptions): boolean {
  const first = parts[0]
  if (first === undefined) return true
  return sizeOf(parts) + unit.size <= maxTokens && unit.end - first.start <= maxTokens * CHARACTERS_PER_TOKEN
}

/** Whether all that is new has to stay with what follows. */
const onlyLeads = (draft: Draft): boolean => draft.fresh > 0 && draft.units.slice(sharedIn(draft)).every(({ leads }) => leads)

/** The last units of a passage that its successor begins with: never all of them, nothing where another section begins. */
function overlapOf(content: string, taken: readonly Unit[], next: Unit | undefined, { overlapTokens, countTokens }: CutOptions): Unit[] {
  const most = overlapTokens * 1.5
  const end = taken.at(-1)?.end ?? 0
  const shared: Unit[] = []
  if (next === undefined || next.begins >= BEGINS.section) return shared
  let size = 0
  for (const unit of taken.slice(1).reverse()) {
    if (size >= overlapTokens || size + unit.size > most || end - unit.start > most * CHARACTERS_PER_TOKEN) break
    size += unit.size
    shared.unshift(unit)
    if (unit.begins >= BEGINS.section) break
  }
  // Together they may count more than apart
  while (shared.length > 1 && countTokens(content.slice(shared[0]?.start, end)) > most) shared.shift()
  return shared
}

/** How many units of the draft make the best passage, where `next` follows: at least one new one. */
function bestLength(draft: Draft, next: Unit | undefined, maxTokens: number): number {
  const { units } = draft
  if (next === undefined) return units.length
  let best = { length: units.length, rank: -1 }
  let size = sizeOf(units)
  for (let length = units.length; length > sharedIn(draft); length--) {
    const last = units[length - 1]
    const { begins } = units[length] ?? next
    const rank = size >= FULL_ENOUGH[begins] * maxTokens ? begins : BEGINS.nothing
    if (last?.leads === false && rank > best.rank) best = { length, rank }
    size -= last?.size ?? 0
  }
  return best.length
}

/**
 * Takes a passage out of the draft and leaves the overlap and the rest in it.
 * The sum of the units' tokens is nearly always an upper bound, but no tokenizer promises it: the passage itself is counted.
 * Null for what has no tokens at all (control characters): its vector would mean nothing.
 */
function take(content: string, draft: Draft, next: Unit | undefined, options: CutOptions): Slice | null {
  const shared = sharedIn(draft)
  let from = 0
  let to = bestLength(draft, next, options.maxTokens)
  for (;;) {
    const parts = draft.units.slice(from, to)
    const start = parts[0]?.start ?? 0
    const end = parts.at(-1)?.end ?? 0
    const text = content.slice(start, end)
    const tokens = options.countTokens(text)
    if (tokens <= options.maxTokens || parts.length <= 1) {
      const rest = draft.units.slice(to)
      draft.units.splice(0, draft.units.length, ...overlapOf(content, parts, rest[0] ?? next, options), ...rest)
      draft.fresh = rest.length
      return tokens === 0 ? null : { start, end, text }
    }
    if (from < shared) from++
    else to--
  }
}

/** Passages that have to be made before the unit finds room. */
function* makeRoom(content: string, draft: Draft, unit: Unit, options: CutOptions): Generator<Slice> {
  const isLongEnough = sizeOf(draft.units.slice(sharedIn(draft))) >= FULL_ENOUGH[BEGINS.message] * options.maxTokens
  let isDue = unit.begins === BEGINS.message && isLongEnough && !onlyLeads(draft)
  while (isDue || !hasRoom(draft.units, unit, options)) {
    isDue = false
    if (draft.fresh === 0 || (sharedIn(draft) > 0 && onlyLeads(draft))) {
      draft.units.shift()
      continue
    }
    const passage = take(content, draft, unit, options)
    if (passage !== null) yield passage
  }
}

/** The unit, or its pieces where a heading would otherwise be left alone. */
function* fitting(content: string, draft: Draft, unit: Unit, options: CutOptions): Generator<Unit> {
  if (!onlyLeads(draft) || hasRoom(draft.units.slice(sharedIn(draft)), unit, options)) yield unit
  else yield* broken(content, unit, options)
}

function* slices(content: string, options: CutOptions): Generator<Slice> {
  const draft: Draft = { units: [], fresh: 0 }
  for (const whole of units(content, options)) {
    for (const unit of fitting(content, draft, whole, options)) {
      yield* makeRoom(content, draft, unit, options)
      draft.units.push(unit)
      draft.fresh++
    }
  }
  while (draft.fresh > 0) {
    const passage = take(content, draft, undefined, options)
    if (passage !== null) yield passage
  }
}

/**
 * Cuts a content into passages, in order, each with its exact place in UTF-16 units.
 * They are made of whole sentences, rows and items. A heading or an e-mail's header stays with what follows it, and where
 * a message, a section or a paragraph begins, a passage that is full enough ends. Neighbours overlap by whole units,
 * but not where another section begins. Nothing of an empty or blank content.
 * A generator, so that whoever embeds can pause, answer and stop between two passages of a long document.
 */
export function* cutPassages(content: string, options: CutOptions): Generator<Passage> {
  let ordinal = 0
  for (const slice of slices(content, options)) yield { ordinal: ordinal++, ...slice }
}
