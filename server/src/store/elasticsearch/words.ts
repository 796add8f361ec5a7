import { foldText } from '../../words/fold-text.ts'
import { LONGEST_WORD, runs, tokens } from '../../words/tokens.ts'

/** Words between two pauses: some milliseconds. */
const AT_ONCE = 5_000
/** Words whose folded form is kept: a text repeats its own. */
const KEPT = 50_000

/**
 * The words of a text in their order, a blank between them, as the index takes them and as it is asked: folded, cut at punctuation
 * and apostrophes, and scripts without spaces by their dictionaries. So codes and phrases are words that stand together.
 * A generator, so that whoever reads can let others have a turn.
 */
export function* wordsOf(text: string): Generator<string> {
  const known = new Map<string, string>()
  let piece: string[] = []
  for (const { 0: run } of runs(text)) {
    let words = known.get(run)
    if (words === undefined) {
      words = Array.from(tokens(run), token => foldText(token.text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).flat().filter(({ length }) => length <= LONGEST_WORD).join(' ')
      if (known.size < KEPT && run.length <= LONGEST_WORD) known.set(run, words)
    }
    if (words !== '') piece.push(words)
    if (piece.length < AT_ONCE) continue
    yield piece.join(' ')
    piece = []
  }
  if (piece.length > 0) yield piece.join(' ')
}

/** Of a text of bounded length. */
export const wordsIn = (text: string): string => [...wordsOf(text)].join(' ')
