import { describe, expect, it } from 'vitest'
import { backgroundFor, isAtLeast, isRelated, strengthOf } from './strength.ts'

const background = { median: 0.1, deviation: 0.1 }
const standing = { cosine: null, hasWords: false, isCopy: false }

describe('strength', () => {
  it.each([
    { cosine: 0.51, expected: 'strong' },
    { cosine: 0.36, expected: 'related' },
    { cosine: 0.3, expected: 'weak' },
    { cosine: null, expected: 'weak' },
  ] as const)('of a cosine of $cosine is $expected where unrelated passages have 0.1 ± 0.1', ({ cosine, expected }) => {
    expect(strengthOf({ ...standing, cosine }, background)).toBe(expected)
  })

  it('follows the project: the same cosine says less where everything is alike', () => {
    expect(strengthOf({ ...standing, cosine: 0.6 }, { median: 0.5, deviation: 0.1 })).toBe('weak')
  })

  it('of a hit by words alone is words', () => {
    expect(strengthOf({ ...standing, hasWords: true }, background)).toBe('words')
    expect(strengthOf({ ...standing, hasWords: true, cosine: 0.2 }, backgroundFor({ calibration: null }, false))).toBe('words')
    expect(strengthOf({ ...standing, hasWords: true, cosine: 0.4 }, background)).toBe('related')
  })

  it('is near-identical for copied text, and for no cosine', () => {
    expect(strengthOf({ ...standing, isCopy: true, cosine: 0.2 }, background)).toBe('near-identical')
    expect(strengthOf({ ...standing, cosine: 1 }, background)).toBe('strong')
  })

  it('takes a project of copies without fault', () => {
    expect(isRelated(1, { median: 1, deviation: 0 })).toBe(false)
  })

  it('below the minimum cuts off all but hits for words', () => {
    expect((['near-identical', 'strong', 'related', 'weak', 'words'] as const).filter(each => isAtLeast(each, 'strong'))).toEqual(['near-identical', 'strong', 'words'])
  })
})
