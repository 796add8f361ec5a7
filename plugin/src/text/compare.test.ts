import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareTexts, shortened, type ComparedLine } from './compare.ts'

const marked = (lines: readonly ComparedLine[] | null, side: 0 | 1) => lines?.flatMap(({ sides }) => sides[side].filter(part => part.marked).map(({ text }) => text))
const whole = (lines: readonly ComparedLine[] | null, side: 0 | 1) => lines?.map(({ sides }) => sides[side].map(({ text }) => text).join('')).join('')

/** Words that both have, in order, at most: the plain definition. */
function commonLength(one: readonly string[], other: readonly string[]): number {
  const table = Array.from({ length: one.length + 1 }, () => new Array<number>(other.length + 1).fill(0))
  for (const [i, word] of one.entries()) {
    for (const [j, there] of other.entries()) table[i + 1]![j + 1] = word === there ? table[i]![j]! + 1 : Math.max(table[i]![j + 1]!, table[i + 1]![j]!)
  }
  return table[one.length]![other.length]!
}

describe('two texts side by side', () => {
  it('mark the words that differ, on each side, and leave the others', () => {
    const lines = compareTexts('To the bank.\nPay 4,000 to Alder Ltd.\nThanks.', 'To the bank.\nPay 4,500 to Alder Ltd today.\nThanks.')

    expect(lines?.map(({ differs }) => differs)).toEqual([false, true, false])
    expect(marked(lines, 0)).toEqual(['4,000'])
    expect(marked(lines, 1)).toEqual(['4,500', ' today'])
  })

  it('know words in scripts without blanks between them', () => {
    const lines = compareTexts('契約は月曜日に終わります。', '契約は火曜日に終わります。')

    expect(marked(lines, 0)).toEqual(['月曜日'])
    expect(marked(lines, 1)).toEqual(['火曜日'])
  })

  it('have nothing marked where they are the same, and all where one is empty', () => {
    expect(compareTexts('the same\ntext', 'the same\ntext')?.some(({ differs }) => differs)).toBe(false)
    expect(marked(compareTexts('all of it', ''), 0)).toEqual(['all of it'])
    expect(compareTexts('', '')).toEqual([])
  })

  it('are given up where they have little in common', () => {
    const words = (prefix: string) => Array.from({ length: 3_000 }, (_, at) => `${prefix}${at}`).join(' ')

    expect(compareTexts(words('a'), words('b'))).toBeNull()
  })

  it('are both there whole, with as few words marked as can be', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '\n'), { maxLength: 12 })
    fc.assert(fc.property(text, text, (one, other) => {
      const [left, right] = [one.join(' '), other.join(' ')]
      const lines = compareTexts(left, right)
      expect([whole(lines, 0), whole(lines, 1)]).toEqual([left, right])
      const split = (value: string) => [...new Intl.Segmenter(undefined, { granularity: 'word' }).segment(value)].map(({ segment }) => segment)
      const kept = lines?.flatMap(({ sides }) => sides[0].filter(part => !part.marked)).map(({ text: same }) => split(same).length).reduce((sum, length) => sum + length, 0)
      expect(kept).toBe(commonLength(split(left), split(right)))
    }))
  })

  it('are shortened to what differs and the lines around it, with how many are left out', () => {
    const text = (middle: string) => ['1', '2', '3', middle, '5', '6', '7', '8'].join('\n')
    const shown = shortened(compareTexts(text('four'), text('vier')) ?? [])

    expect(shown.map(line => (typeof line === 'number' ? line : line.sides[0].map(part => part.text).join('').trim()))).toEqual([2, '3', 'four\n5'.split('\n')[0], '5', 3])
  })
})
