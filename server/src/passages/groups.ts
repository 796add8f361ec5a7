import { lines } from './lines.ts'
import { headerName, isLabelled } from './mail.ts'
import { isWrapped, startsLower } from './sentences.ts'
import { itemMark, seen, type LineKind, type SeenLine } from './line-kinds.ts'

/** Lines that belong together: a paragraph, the header of an e-mail, a table, a list, a heading. */
export interface Group {
  readonly kind: LineKind
  readonly depth: number
  /** Never empty. */
  readonly lines: readonly SeenLine[]
  /** The group before was broken off and goes on here. */
  readonly goesOn: boolean
}

interface OpenGroup extends Group {
  readonly lines: SeenLine[]
}

/** Lines of a group at most: bounds what is held of a content that is one table, or one paragraph. */
const MOST_LINES = 200

/** Of these every line stands for itself. */
const LONE: ReadonlySet<LineKind> = new Set(['divider', 'attribution', 'title'])

const continuesHeader = (last: SeenLine, line: SeenLine): boolean =>
  headerName(line.text) !== undefined || (!line.afterBlank && (line.isIndented || isLabelled(line.text) || /[;,]$/.test(last.text) || /^<?\S+@\S+$/.test(line.text)))

function continuesList(content: string, last: SeenLine, line: SeenLine, first: SeenLine): boolean {
  if (line.kind === 'item') return !line.afterBlank || itemMark(line.text) === itemMark(first.text)
  return line.kind === 'text' && !line.afterBlank && (line.isIndented || startsLower(line.text) || isWrapped(content, last.end))
}

/** A wrapped line goes on in the next one, also where that looks like something else: "…of the bank on page / 12. The…". */
const goesOnInText = (content: string, last: SeenLine, line: SeenLine): boolean =>
  line.kind === 'text' || line.kind === 'rule'
  || (['capitals', 'columns', 'item'].includes(line.kind) && isWrapped(content, last.end) && !/^[^\p{L}\p{N}(]|^\(?[1aiI][.)]/u.test(line.text))

function continues(content: string, { kind, depth, lines: taken }: Group, line: SeenLine): boolean {
  const first = taken[0]
  const last = taken.at(-1)
  if (first === undefined || last === undefined || line.depth !== depth) return false
  if (line.kind === 'empty') return true
  const afterBlank = line.afterBlank || last.kind === 'empty'
  if (kind === 'header') return continuesHeader(last, { ...line, afterBlank })
  if (kind === 'item') return continuesList(content, last, { ...line, afterBlank }, first)
  if (afterBlank || LONE.has(kind)) return false
  if (kind === 'row' || kind === 'columns') return line.kind === 'row' || line.kind === 'columns' || line.kind === 'rule'
  if (kind === 'text') return last.kind !== 'rule' && goesOnInText(content, last, line)
  return kind === line.kind
}

/** All groups of a content, in order: each line is in one. */
export function* groups(content: string): Generator<Group> {
  let open: OpenGroup | null = null
  for (const plain of lines(content)) {
    const line = seen(content, plain, open?.lines.at(-1))
    const isSame: boolean = open !== null && continues(content, open, line)
    if (open !== null && isSame && open.lines.length < MOST_LINES) {
      open.lines.push(line)
      continue
    }
    if (open !== null) yield open
    open = { kind: open !== null && isSame ? open.kind : line.kind, depth: line.depth, lines: [line], goesOn: isSame }
  }
  if (open !== null) yield open
}
