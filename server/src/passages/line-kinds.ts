import type { Line } from './lines.ts'
import { headerName, isAttribution } from './mail.ts'

export type LineKind = 'text' | 'empty' | 'rule' | 'divider' | 'attribution' | 'header' | 'title' | 'capitals' | 'item' | 'row' | 'columns'

/** A line that is looked at: what it seems to be, by itself. */
export interface SeenLine extends Line {
  readonly kind: LineKind
  /** How often it is quoted: "> > so" twice. */
  readonly depth: number
  /** Without the marks of quoting; only the beginning of a very long line. */
  readonly text: string
}

/** Characters of a line that are looked at; what is longer is text. */
const HEAD = 512

const QUOTED = /^(?:> ?)+/
const OPEN_ADDRESS = /<[^<>\s]*$/
const RULE = /^[-=_*~+\s]{3,}$/
/** "-----Original Message-----", in any language. */
const DIVIDER = /^[-_=*]{3,}\s*\p{L}/u
const TITLE = /^#{1,6}\s+\S/
const ITEM = /^(?:[•·▪◦‣●○■□–—*+-]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,2}(?:\.\d{1,2})+(?=\s+\p{Lu})|\(?[\p{Ll}]{1,4}\)|\p{Ll}\.|#\.|[IVX]{1,5}\.|\p{Lu}\)|[(（]?[一二三四五六七八九十]{1,3}[)）、])(?:\s+|(?<=[、）]))(?=\S)/u
const CELLS = /\S\t+\S|\S\s*\|\s*\S[^|]*\|/
/** A gap between columns; two blanks after a sentence are none. */
const WIDE_GAP = /[^\s.!?:] {2,}(?=\S)/g
const VERY_WIDE_GAP = /\S {4,}\S/
/** A separator without a blank after it; one inside of a number is none. */
const SEPARATOR = /;(?=\S)|,(?=[^\s\d])|(?<=["\p{L}]),(?=\d)/gu
const CAPITAL_WORD = /\p{Lu}{4}/u
const SMALL = /\p{Ll}/u

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

const areCapitals = (text: string): boolean => text.length <= 100 && CAPITAL_WORD.test(text) && !SMALL.test(text) && !/[,;!?]$/.test(text)

const areColumns = (text: string): boolean => VERY_WIDE_GAP.test(text) || count(text, WIDE_GAP) >= 2 || count(text, SEPARATOR) >= 3

function kindOf(text: string): LineKind {
  if (text === '') return 'empty'
  if (RULE.test(text)) return 'rule'
  if (DIVIDER.test(text)) return 'divider'
  if (isAttribution(text)) return 'attribution'
  if (headerName(text) !== undefined) return 'header'
  if (TITLE.test(text)) return 'title'
  if (ITEM.test(text)) return 'item'
  if (CELLS.test(text)) return 'row'
  if (areColumns(text)) return 'columns'
  return areCapitals(text) ? 'capitals' : 'text'
}

/** The shape of an item's mark, so that "1." and "12." are alike and "1." and "(a)" are not; '' where the text is no item. */
export const itemMark = (text: string): string => (ITEM.exec(text)?.[0] ?? '').trim().replace(/\d+/g, '0').replace(/\p{L}+/gu, 'a')

/** @param before the line before: "<ann@example.org" and then "> wrote:" is no quotation */
export function seen(content: string, line: Line, before: SeenLine | undefined): SeenLine {
  const head = content.slice(line.start, Math.min(line.end, line.start + HEAD))
  const isAddress = !line.afterBlank && before !== undefined && OPEN_ADDRESS.test(before.text)
  const quoting = isAddress ? '' : QUOTED.exec(head)?.[0] ?? ''
  const text = head.slice(quoting.length).trim()
  const depth = isAddress ? before.depth : count(quoting, />/g)
  return { ...line, depth, text, kind: line.end - line.start > HEAD ? 'text' : kindOf(text) }
}
