import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excerpt, markedParts, type Range } from './passage-parts.ts'

const marks = (text: string, ranges: Range[]) => markedParts(text, ranges).filter(({ marked }) => marked).map(part => part.text)
const texts = fc.string({ unit: 'grapheme', maxLength: 600 })
const ranges = fc.array(fc.tuple(fc.integer({ min: -10, max: 700 }), fc.integer({ min: -10, max: 700 })), { maxLength: 8 })

describe('marking the highlights of a passage', () => {
  it.each<{ case: string, text: string, highlights: Range[], marked: string[] }>([
    { case: 'one word', text: 'signed by Appleby', highlights: [[10, 17]], marked: ['Appleby'] },
    { case: 'overlapping and unordered ones as one', text: 'signed by Appleby', highlights: [[12, 17], [7, 14]], marked: ['by Appleby'] },
    { case: 'neighbours as one', text: 'abcd', highlights: [[0, 2], [2, 4]], marked: ['abcd'] },
    { case: 'what lies inside of the text only', text: 'abc', highlights: [[-4, 1], [2, 99], [50, 60]], marked: ['a', 'c'] },
    { case: 'nothing for empty or turned ranges', text: 'abc', highlights: [[1, 1], [2, 1]], marked: [] },
    { case: 'a whole character, never half a surrogate pair', text: 'a😀b', highlights: [[2, 3]], marked: ['😀'] },
    { case: 'offsets in UTF-16 units after an emoji', text: '😀 boat', highlights: [[3, 7]], marked: ['boat'] },
  ])('marks $case', ({ text, highlights, marked }) => {
    expect(marks(text, highlights)).toEqual(marked)
  })

  it('loses and adds no character, and leaves no half of a pair, whatever the offsets', () => {
    fc.assert(fc.property(texts, ranges, (text, highlights) => {
      const parts = markedParts(text, highlights)
      expect(parts.map(part => part.text).join('')).toBe(text)
      for (const part of parts) expect(part.text.isWellFormed()).toBe(text.isWellFormed())
    }))
  })
})

describe('the excerpt of a passage', () => {
  const long = `${'lorem ipsum '.repeat(40)}Appleby ${'dolor sit '.repeat(40)}`

  it('shows a short passage whole', () => {
    expect(excerpt('short', [[0, 5]])).toEqual({ text: 'short', highlights: [[0, 5]] })
  })

  it('stands around the first highlight, and still marks the same word', () => {
    const at = long.indexOf('Appleby')

    const { text, highlights } = excerpt(long, [[at, at + 7]])

    expect(text.length).toBeLessThan(300)
    expect(text).toMatch(/^… .* …$/s)
    expect(marks(text, highlights)).toEqual(['Appleby'])
  })

  it('begins at the beginning where nothing is highlighted', () => {
    expect(excerpt(long, []).text).toMatch(/^lorem ipsum .* …$/s)
  })

  it('keeps characters whole and highlights inside, whatever it is given', () => {
    fc.assert(fc.property(texts, ranges, (text, highlights) => {
      const cut = excerpt(text, highlights)
      expect(cut.text.isWellFormed()).toBe(true)
      expect(markedParts(cut.text, cut.highlights).map(part => part.text).join('')).toBe(cut.text)
    }))
  })
})
