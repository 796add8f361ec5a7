/** A stretch of the content, in UTF-16 units; end is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Characters segmented at once: bounds what the segmenter copies, whatever the length of the content. */
const WINDOW = 16_384
/** How far a window reaches back for whitespace to end at. */
const REACH = 256

/** The locale is fixed, so that the same content is cut alike on every machine. */
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** As they are written: "No." stands before a number, "no." ends a sentence. */
const ABBREVIATIONS = [
  'Mr', 'Mrs', 'Ms', 'Dr', 'Prof', 'St', 'Sr', 'Jr', 'Gen', 'Gov', 'Sen', 'Rep', 'Col', 'Capt', 'Lt', 'Sgt', 'Hon', 'Rev', 'Messrs', 'Esq',
  'No', 'Nos', 'Nr', 'Art', 'art', 'Fig', 'fig', 'Vol', 'vol', 'Ch', 'Sec', 'Para', 'p', 'pp', 'cf', 'vs', 'ed', 'eds', 'Tel', 'tel', 'Ref', 'approx', 'Dept', 'Attn',
  'Inc', 'Ltd', 'Co', 'Corp', 'Mme', 'Mlle', 'Me', 'Sté', 'Av', 'av', 'Bd', 'bd', 'Hr', 'Fr', 'Str', 'bzw', 'ca', 'vgl', 'Abs', 'Sra', 'Srta', 'núm', 'pág', 'Sig', 'Dott', 'Avv',
  'г', 'ул', 'д', 'кв', 'стр', 'им', 'тыс', 'млн', 'руб', 'ст', 'пр', 'гр',
]
const ABBREVIATION = new RegExp(`(?:^|[^\\p{L}\\p{N}])(?:${ABBREVIATIONS.join('|')})\\.$`, 'u')
const INITIAL = /(?:^|[^\p{L}\p{N}])\p{Lu}\.$/u
const LONGEST_ENDING = 10

const BLANK_LINE = /\n[^\S\n]*\n|\r[^\S\n]*\r|[\f\u2029]/
const LINE_BREAK = /[\n\r\u2028]/
const STARTS_LOWER = /^\p{Ll}/u
const ENDS_SENTENCE = /[.!?…:;。！？؟][)\]"'”’»]*$/u

export const isBlank = (unit: string): boolean => unit.trim() === ''

/** The nearest place at or before `at` that is inside of no surrogate pair. */
export function outsideOfPair(content: string, at: number): number {
  const isHigh = /[\uD800-\uDBFF]/.test(content.charAt(at - 1))
  const isLow = /[\uDC00-\uDFFF]/.test(content.charAt(at))
  return isHigh && isLow ? at - 1 : at
}

/** Without whitespace at its ends; null where nothing is left. */
function trimmed(content: string, span: Span): Span | null {
  let { start, end } = span
  while (start < end && isBlank(content.charAt(start))) start++
  while (end > start && isBlank(content.charAt(end - 1))) end--
  return start < end ? { start, end } : null
}

function windowEnd(content: string, from: number): number {
  const limit = from + WINDOW
  if (limit >= content.length) return content.length
  for (let end = limit; end > limit - REACH; end--) {
    if (isBlank(content.charAt(end - 1))) return end
  }
  return outsideOfPair(content, limit)
}

function* segments(content: string): Generator<Span> {
  let from = 0
  while (from < content.length) {
    const to = windowEnd(content, from)
    let next = to
    for (const { index, segment } of segmenter.segment(content.slice(from, to))) {
      const start = from + index
      const end = start + segment.length
      if (end === to && to < content.length && index > 0) {
        // It may go on beyond the window: the next one begins with it
        next = start
        break
      }
      yield { start, end }
    }
    from = next
  }
}

/** Whether the segmenter has parted what belongs together: after an abbreviation, or at the end of a line inside of a sentence. */
function belongsTogether(content: string, before: Span, after: Span): boolean {
  const gap = content.slice(before.end, after.start)
  if (BLANK_LINE.test(gap)) return false
  const ending = content.slice(Math.max(before.start, before.end - LONGEST_ENDING), before.end)
  if (ABBREVIATION.test(ending) || INITIAL.test(ending)) return true
  return LINE_BREAK.test(gap) && STARTS_LOWER.test(content.slice(after.start, after.start + 2)) && !ENDS_SENTENCE.test(ending)
}

/**
 * Sentences in order, trimmed, blank ones left out; none goes over a blank line.
 * What is joined stays within `maxCharacters`; a sentence that is longer by itself comes as it is, up to the size of a window.
 */
export function* sentences(content: string, maxCharacters: number): Generator<Span> {
  let open: Span | null = null
  for (const segment of segments(content)) {
    const span = trimmed(content, segment)
    if (span === null) continue
    if (open !== null && span.end - open.start <= maxCharacters && belongsTogether(content, open, span)) {
      open = { start: open.start, end: span.end }
      continue
    }
    if (open !== null) yield open
    open = span
  }
  if (open !== null) yield open
}
