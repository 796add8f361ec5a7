import { expect, it } from 'vitest'
import { exponentOf, figureOf, percentile } from './measure.ts'
import { asMarkdown, isReached, type Part } from './report.ts'

it('takes the middle and the ends of repeated measurements', () => {
  expect(figureOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 })
  expect(percentile(Array.from({ length: 100 }, (_, index) => index + 1), 95)).toBe(95)
})

it('tells how a cost grows with a size', () => {
  const grown = (power: number): number => exponentOf([1_000, 10_000, 100_000].map(size => ({ size, cost: 3 * size ** power })))

  expect([grown(1), grown(2)]).toEqual([1, 2])
})

it('shows figures with their ends, and judges what is promised only where it may', () => {
  const part: Part = {
    name: 'embedding', unit: 'ms', rows: [{ name: 'ours', figures: { equal: { median: 2, low: 1, high: 3 }, mixed: 4 } }, { name: 'theirs', figures: { mixed: undefined } }],
    claims: [{ claim: 'theirs ÷ ours', least: 3, measured: 2.5 }, { claim: 'share', most: 0.08, measured: 0.05 }],
  }

  expect(part.claims.map(isReached)).toEqual([false, true])
  expect(asMarkdown(part, true)).toContain('| ours | 2 [1–3] | 4 |')
  expect(asMarkdown(part, true)).toContain('| theirs ÷ ours | at least 3 | 2.5 | **not reached** |')
  expect(asMarkdown(part, false)).not.toContain('reached')
})
