import { groups, type Group } from './groups.ts'
import type { Span } from './lines.ts'
import { headerName, isAttribution } from './mail.ts'

/** What begins at a place, the more the better for a passage to begin there too. */
export const BEGINS = { nothing: 0, line: 1, paragraph: 2, section: 3, message: 4 } as const
export type Begins = typeof BEGINS[keyof typeof BEGINS]

/** A stretch of the content with one role in it: a paragraph, a row of a table, an item of a list, a heading, a line of an e-mail's header. */
export interface Block extends Span {
  readonly begins: Begins
  /** Belongs to what follows: a heading, a table's first row. */
  readonly leads: boolean
  /** Rather one piece than cut into sentences. */
  readonly isWhole: boolean
}

const LONGEST_TITLE = 70
const LONGEST_UNDERLINED = 160
const LONGEST_CAPITALS = 3
/** From here on a line alone is text, which a heading may stand above. */
const SHORTEST_TEXT = 60
/** Headings in a row at most: more are a list of names. */
const MOST_HEADINGS = 4

const ENDS_OPEN = /[^.!?…,;。！？؟]$/u
const STARTS_LIKE_TITLE = /^[^\p{Ll}]/u

const textOf = (group: Group): string => group.lines.map(({ text }) => text).join(' ')
const spanOf = (group: Group): Span => ({ start: group.lines[0]?.start ?? 0, end: group.lines.at(-1)?.end ?? 0 })
const lengthOf = (group: Group): number => spanOf(group).end - spanOf(group).start

const isHeader = (group: Group): boolean =>
  group.kind === 'header' && (group.goesOn || new Set(group.lines.map(({ text }) => headerName(text)).filter(name => name !== undefined)).size >= 2)

const isTable = ({ kind, lines, goesOn }: Group): boolean => kind === 'row' || (kind === 'columns' && (lines.length >= 2 || goesOn))

function isUnderlined({ kind, lines }: Group): boolean {
  return kind === 'text' && lines.length === 2 && lines[1]?.kind === 'rule' && lines[0] !== undefined && lines[0].text.length <= LONGEST_UNDERLINED
}

const isSaying = (group: Group): boolean => group.lines.length <= 3 && isAttribution(textOf(group))

/** What leads to what follows whatever that is. */
const isSureToLead = (group: Group): boolean => ['divider', 'title', 'rule', 'empty'].includes(group.kind) || isUnderlined(group) || isSaying(group)

/** A short line that stands alone: a heading, where text, a list or a table follows. */
function mayBeHeading(group: Group): boolean {
  const [first, second] = group.lines
  if (first === undefined || group.goesOn) return false
  if (group.kind === 'capitals') return group.lines.length <= LONGEST_CAPITALS
  return second === undefined && ['text', 'item', 'columns', 'header'].includes(group.kind)
    && first.text.length <= LONGEST_TITLE && ENDS_OPEN.test(first.text) && (STARTS_LIKE_TITLE.test(first.text) || !first.afterBlank)
}

const isBody = (group: Group): boolean => isTable(group) || group.kind === 'item' || (group.kind === 'text' && (group.lines.length > 1 || lengthOf(group) >= SHORTEST_TEXT))

/** A block for each line that `begins` names, the lines after it included. */
function* perLine(group: Group, beginsBlock: (line: Group['lines'][number]) => boolean, role: (index: number) => Pick<Block, 'begins' | 'leads'>): Generator<Block> {
  let open: Span | null = null
  let index = 0
  for (const line of group.lines) {
    const goesOn: boolean = open !== null && !beginsBlock(line)
    if (open !== null && !goesOn) yield { ...open, ...role(index++), isWhole: true }
    open = { start: open !== null && goesOn ? open.start : line.start, end: line.end }
  }
  if (open !== null) yield { ...open, ...role(index), isWhole: true }
}

function* blocksOf(group: Group, isHeading: boolean, isDeeper: boolean): Generator<Block> {
  const first: Begins = group.goesOn ? BEGINS.line : isDeeper ? BEGINS.message : BEGINS.paragraph
  if (isHeader(group)) {
    yield* perLine(group, line => headerName(line.text) !== undefined, index => ({ begins: index === 0 && !group.goesOn ? BEGINS.message : BEGINS.line, leads: true }))
  } else if (isTable(group)) {
    yield* perLine(group, () => true, index => index > 0 ? { begins: BEGINS.line, leads: false } : { begins: Math.max(first, BEGINS.section) as Begins, leads: !group.goesOn })
  } else if (isHeading || isSureToLead(group)) {
    const begins = isSaying(group) || group.kind === 'divider' || isDeeper ? BEGINS.message : BEGINS.section
    yield { ...spanOf(group), begins, leads: true, isWhole: true }
  } else if (group.kind === 'item') {
    yield* perLine(group, ({ kind }) => kind === 'item', index => ({ begins: index === 0 ? first : BEGINS.paragraph, leads: false }))
  } else {
    yield { ...spanOf(group), begins: first, leads: false, isWhole: false }
  }
}

/**
 * Cuts a content where its structure is: in order, without overlap, and all that is visible is in a block.
 * Holds a few groups of lines at once, whatever the length of the content.
 */
export function* blocks(content: string): Generator<Block> {
  let waiting: Group[] = []
  let depth = 0
  function* settle(areHeadings: boolean): Generator<Block> {
    for (const group of waiting) {
      yield* blocksOf(group, areHeadings, group.depth > depth)
      depth = group.depth
    }
    waiting = []
  }
  for (const group of groups(content)) {
    const last = waiting.at(-1)
    if (last !== undefined && last.depth !== group.depth) yield* settle(false)
    if (mayBeHeading(group)) {
      if (waiting.length === MOST_HEADINGS) yield* settle(false)
      waiting.push(group)
      continue
    }
    yield* settle(isBody(group))
    waiting = [group]
    yield* settle(false)
  }
  yield* settle(false)
}
