import type { TextPart } from './passage-parts.ts'

/** A line of two texts side by side: what differs in it is marked, on each side. */
export interface ComparedLine {
  readonly sides: readonly [readonly TextPart[], readonly TextPart[]]
  readonly differs: boolean
}

/** More different words than this are no copies, and would take long to compare. */
const MOST_EDITS = 2_000

/** Two texts word by word, as lines of the text that they share; null where they differ too much for that. */
export function compareTexts(one: string, other: string): ComparedLine[] | null {
  const edits = editsOf(wordsOf(one), wordsOf(other))
  if (edits === null) return null
  const lines: ComparedLine[] = []
  let sides: [TextPart[], TextPart[]] = [[], []]
  const end = () => {
    lines.push({ sides, differs: sides.flat().some(({ marked }) => marked) })
    sides = [[], []]
  }
  for (const { side, word } of edits) {
    if (side !== 1) append(sides[0], word, side === 0)
    if (side !== 0) append(sides[1], word, side === 1)
    if (side === null && /[\r\n]$/.test(word)) end()
  }
  if (sides.flat().length > 0) end()
  return lines
}

/** Words, and what stands between them, of any script. */
const wordsOf = (text: string): string[] => [...new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)].map(({ segment }) => segment)

/** A word of both texts, or of one side only. */
interface Edit { readonly side: 0 | 1 | null, readonly word: string }

/**
 * The fewest words to take away and to add (Myers, "An O(ND) difference algorithm"); null where there are too many. Own code:
 * libraries for it weigh three times as much, and the script of the plugin has little room.
 */
function editsOf(one: readonly string[], other: readonly string[]): Edit[] | null {
  // By diagonal (place in one text minus place in the other), the farthest place in the first text that so many edits reach.
  const farthest = new Int32Array(2 * MOST_EDITS + 3)
  const history: Int32Array[] = []
  for (let edits = 0; edits <= MOST_EDITS; edits += 1) {
    history.push(farthest.slice(MIDDLE - edits - 1, MIDDLE + edits + 2))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let at = isAddition(farthest, MIDDLE + diagonal, edits, diagonal) ? farthest[MIDDLE + diagonal + 1] ?? 0 : (farthest[MIDDLE + diagonal - 1] ?? 0) + 1
      while (at < one.length && at - diagonal < other.length && one[at] === other[at - diagonal]) at += 1
      farthest[MIDDLE + diagonal] = at
      if (at >= one.length && at - diagonal >= other.length) return retrace(one, other, history)
    }
  }
  return null
}

const MIDDLE = MOST_EDITS + 1

const isAddition = (farthest: Int32Array, index: number, edits: number, diagonal: number): boolean =>
  diagonal === -edits || (diagonal !== edits && (farthest[index - 1] ?? 0) < (farthest[index + 1] ?? 0))

/** The way that led to both ends, from behind. */
function retrace(one: readonly string[], other: readonly string[], history: readonly Int32Array[]): Edit[] {
  const way: Edit[] = []
  let at = one.length
  let there = other.length
  const step = (side: Edit['side']) => {
    if (side !== 1) at -= 1
    if (side !== 0) there -= 1
    way.push({ side, word: (side === 1 ? other[there] : one[at]) ?? '' })
  }
  for (const [edits, farthest] of [...history.entries()].reverse()) {
    const diagonal = at - there
    // Each was kept from one diagonal before its first to one behind its last.
    const index = diagonal + edits + 1
    const isAdded = isAddition(farthest, index, edits, diagonal)
    const start = edits === 0 ? 0 : isAdded ? farthest[index + 1] ?? 0 : (farthest[index - 1] ?? 0) + 1
    while (at > start) step(null)
    if (edits > 0) step(isAdded ? 1 : 0)
  }
  return way.reverse()
}

function append(parts: TextPart[], text: string, marked: boolean): void {
  const last = parts.at(-1)
  if (last?.marked === marked) parts[parts.length - 1] = { text: last.text + text, marked }
  else parts.push({ text, marked })
}

/** Lines to show: those that differ with a line of what is around them, and how many equal ones are left out between. Equal blank ones say nothing. */
export function shortened(all: readonly ComparedLine[]): (ComparedLine | number)[] {
  const lines = all.filter(({ differs, sides: [parts] }) => differs || parts.some(({ text }) => text.trim() !== ''))
  const isNear = (at: number) => lines.slice(Math.max(0, at - 1), at + 2).some(({ differs }) => differs)
  const shown: (ComparedLine | number)[] = []
  lines.forEach((line, at) => {
    const last = shown.at(-1)
    if (isNear(at)) shown.push(line)
    else if (typeof last === 'number') shown[shown.length - 1] = last + 1
    else shown.push(1)
  })
  return shown
}
