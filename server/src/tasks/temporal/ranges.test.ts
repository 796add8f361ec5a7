import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rangesOf } from './ranges.ts'

const of = (batches: number) => rangesOf({ chain: 'chain', attempt: 1, batches })

it('a chain has no more children, and a child no more batches, than a history of Temporal can hold, up to ten million batches', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 10_000_000 }), (batches) => {
    const ranges = of(batches)
    expect(ranges.length * 15).toBeLessThan(51_200)
    expect(Math.max(0, ...ranges.map(({ from, to }) => (to - from) * 6))).toBeLessThan(51_200)
    expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.map(({ to }) => to)].slice(0, ranges.length))
    expect(ranges.at(-1)?.to ?? 0).toBe(batches)
  }))
})

it('ten million documents in batches of the usual size have a hundred and fifty-seven children', () => {
  expect(of(10_000_000 / 64)).toHaveLength(157)
})
