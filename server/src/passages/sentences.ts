import { clusterStart } from './clusters.ts'
import { isBlank, LINE_BREAK, trimmed, type Span } from './lines.ts'
import { isLabelled } from './mail.ts'

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
const LONGEST_LABEL = 40

/** Without any of these there is nothing to segment, which costs far more than to look. */
const MAY_END = /[\p{Sentence_Terminal}\n\r\f\u0085\u2028\u2029]/u
/** Characters of a line at least that the margin may have ended. */
const WRAPPED = 40
/** Of a script without capitals, whose lines hold fewer characters. */
const WRAPPED_WITHOUT_CASE = 20
const ENDS_INSIDE = /(?:^|\s)\p{Ll}[\p{L}\p{M}'’]*,?$/u
const ENDS_WITHOUT_CASE = /\p{Lo}[،，、]?$/u
const STARTS_LOWER = /^(?:> ?)*\p{Ll}/u
const STARTS_WORD = /^(?:> ?)*[\p{L}"“«„(]/u
/** As in an address: "…/page?number=2". */
const INSIDE_OF_WORD = /[.!?][\p{Ll}\p{Lu}\p{N}]/u
const MARKS_ONLY = /^[>\s]*$/
const ENDS_SENTENCE = /[.!?…:;。！？؟][)\]"'”’»]*$/u

export const startsLower = (text: string): boolean => STARTS_LOWER.test(text)

/** Whether the line that ends here was ended by the margin, in the midst of a sentence. */
export function isWrapped(content: string, end: number): boolean {
  const tail = content.slice(Math.max(0, end - WRAPPED), end)
  if (ENDS_WITHOUT_CASE.test(tail)) return end >= WRAPPED_WITHOUT_CASE && !LINE_BREAK.test(tail.slice(-WRAPPED_WITHOUT_CASE))
  return tail.length === WRAPPED && !LINE_BREAK.test(tail) && ENDS_INSIDE.test(tail)
}

function windowEnd(content: string, from: number, last: number): number {
  const limit = from + WINDOW
  if (limit >= last) return last
  for (let end = limit; end > limit - REACH; end--) {
    if (isBlank(content.charAt(end - 1))) return end
  }
  return clusterStart(content, from, limit)
}

function* segments(content: string, span: Span): Generator<Span> {
  let from = span.start
  while (from < span.end) {
    const to = windowEnd(content, from, span.end)
    let next = to
    for (const { index, segment } of segmenter.segment(content.slice(from, to))) {
      const start = from + index
      const end = start + segment.length
      if (end === to && to < span.end && index > 0) {
        // It may go on beyond the window: the next one begins with it
        next = start
        break
      }
      yield { start, end }
    }
    from = next
  }
}

function isSameSentence(content: string, before: Span, after: Span): boolean {
  const next = content.slice(after.start, Math.min(after.end, after.start + LONGEST_LABEL))
  if (STARTS_LOWER.test(next)) return true
  return isWrapped(content, before.end) && STARTS_WORD.test(next) && !isLabelled(next)
}

/** Whether the segmenter has parted what belongs together: after an abbreviation, or at the end of a line inside of a sentence. */
function belongsTogether(content: string, before: Span, after: Span): boolean {
  const ending = content.slice(Math.max(before.start, before.end - LONGEST_ENDING), before.end)
  if (ABBREVIATION.test(ending) || INITIAL.test(ending)) return true
  if (before.end === after.start && INSIDE_OF_WORD.test(content.slice(before.end - 1, after.start + 1))) return true
  if (!LINE_BREAK.test(content.slice(before.end, after.start))) return false
  return MARKS_ONLY.test(content.slice(after.start, after.end)) || (!ENDS_SENTENCE.test(ending) && isSameSentence(content, before, after))
}

/**
 * Sentences of a stretch in order, trimmed, blank ones left out.
 * What is joined stays within `maxCharacters`; a sentence that is longer by itself comes as it is, up to the size of a window.
 */
export function* sentences(content: string, span: Span, maxCharacters: number): Generator<Span> {
  if (span.end - span.start <= maxCharacters && !MAY_END.test(content.slice(span.start, span.end - 1))) {
    yield span
    return
  }
  let open: Span | null = null
  for (const segment of segments(content, span)) {
    const next = trimmed(content, segment)
    if (next === null) continue
    if (open !== null && next.end - open.start <= maxCharacters && belongsTogether(content, open, next)) {
      open = { start: open.start, end: next.end }
      continue
    }
    if (open !== null) yield open
    open = next
  }
  if (open !== null) yield open
}
