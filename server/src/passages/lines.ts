/** A stretch of the content, in UTF-16 units; end is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What stands on one line, without the blanks around it: never nothing. */
export interface Line extends Span {
  /** Whether a blank line, a new page or nothing at all stands before it. */
  readonly afterBlank: boolean
  readonly isIndented: boolean
}

export const LINE_BREAK = /[\n\r\f\u2028\u2029]/
/** All that ends one line, also where a conversion has doubled the carriage return. */
const LINE_ENDING = /\r{0,2}\n|[\r\f\u2028\u2029]/
const NEW_PAGE = /[\f\u2029]/
const INDENT = /[^\S\n\r\f\u2028\u2029]/

export const isBlank = (text: string): boolean => text.trim() === ''

/** The span without whitespace at its ends; null where nothing is left. */
export function trimmed(content: string, span: Span): Span | null {
  let { start, end } = span
  while (start < end && isBlank(content.charAt(start))) start++
  while (end > start && isBlank(content.charAt(end - 1))) end--
  return start < end ? { start, end } : null
}

/** Lines in order, blank ones left out. Looks at each character a bounded number of times, however long a line is. */
export function* lines(content: string): Generator<Line> {
  const visible = /\S/g
  const breaks = new RegExp(LINE_ENDING, 'g')
  let afterBlank = true
  let from = 0
  for (;;) {
    visible.lastIndex = from
    const start = visible.exec(content)?.index
    if (start === undefined) return
    breaks.lastIndex = start
    const ending = breaks.exec(content)
    const end = ending?.index ?? content.length
    const line = trimmed(content, { start, end })
    if (line !== null) yield { ...line, afterBlank, isIndented: INDENT.test(content.charAt(start - 1)) }
    if (ending === null) return
    from = breaks.lastIndex
    const next = breaks.exec(content)
    afterBlank = NEW_PAGE.test(ending[0]) || (next !== null && isBlank(content.slice(from, next.index)))
  }
}
