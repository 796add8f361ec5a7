/** Letters that have no decomposition, as the store's own folding writes them. */
const UNDECOMPOSED: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ς: 'σ' }

/** Most words, and far quicker: they have no accents. */
const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text)

/** Case and the accents of Latin and Greek folded; other scripts keep their marks, which there make another letter. */
export const foldText = (text: string): string => (isAscii(text)
  ? text.toLowerCase()
  : text
      .normalize('NFKD')
      .replace(/([\p{Script=Latin}\p{Script=Greek}])[\u0300-\u036f]+/gu, '$1')
      .normalize('NFC')
      .toLowerCase()
      .replace(/[ßæœøłđðþıς]/gu, letter => UNDECOMPOSED[letter] ?? letter))

export interface FoldedText {
  readonly folded: string
  /** UTF-16 offset in the original at which the letter of this folded unit starts. */
  readonly starts: readonly number[]
  /** The same for its end, exclusive. */
  readonly ends: readonly number[]
}

/** Folds letter by letter, so that a match in the folded text can be marked in the original. */
export function foldWithOffsets(text: string): FoldedText {
  const starts: number[] = []
  const ends: number[] = []
  let folded = ''
  for (const { 0: letter, index } of text.matchAll(/\P{M}\p{M}*|\p{M}+/gsu)) {
    const part = foldText(letter)
    folded += part
    for (let unit = 0; unit < part.length; unit++) {
      starts.push(index)
      ends.push(index + letter.length)
    }
  }
  return { folded, starts, ends }
}
