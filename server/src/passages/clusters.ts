/** Characters looked at behind a place: what stands there decides whether a cluster ends. */
const AHEAD = 16

const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Knows the words of scripts without spaces by dictionary, whatever the locale. */
const words = new Intl.Segmenter('en', { granularity: 'word' })

const CLAUSE_END = /[,;:，、；：،؛]/

/** The nearest place at or before `at` that is inside of no surrogate pair. */
function outsideOfPair(content: string, at: number): number {
  const isHigh = /[\uD800-\uDBFF]/.test(content.charAt(at - 1))
  const isLow = /[\uDC00-\uDFFF]/.test(content.charAt(at))
  return isHigh && isLow ? at - 1 : at
}

/**
 * The nearest place at or before `at` that is inside of no grapheme cluster; of one that fills all from `from` on, inside of no surrogate pair.
 * `from` is such a place itself.
 */
export function clusterStart(content: string, from: number, at: number): number {
  const start = clusters.segment(content.slice(from, at + AHEAD)).containing(at - from)?.index ?? at - from
  return start > 0 ? from + start : outsideOfPair(content, at)
}

/** Where to cut a text without whitespace, at or before `at`: after a clause or between two words, where the second half has such a place. */
export function wordStart(content: string, from: number, at: number): number {
  const middle = from + (at - from) / 2
  for (let end = at; end > middle; end--) {
    if (CLAUSE_END.test(content.charAt(end - 1))) return clusterStart(content, from, end)
  }
  const word = words.segment(content.slice(from, at + AHEAD)).containing(at - from)
  return clusterStart(content, from, word !== undefined && from + word.index > middle ? from + word.index : at)
}
