import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrap, measure } from './measures.ts'

const ids = (...numbers: number[]): string[] => numbers.map(String)

describe('the figures of a query', () => {
  it('are whole where its only document stands first, and follow its rank', () => {
    expect(measure(ids(7, 1, 2), ids(7))).toEqual({ ndcg: 1, recall: 1, mrr: 1 })
    expect(measure(ids(1, 7, 2), ids(7))).toEqual({ ndcg: 1 / Math.log2(3), recall: 1, mrr: 1 / 2 })
  })

  it('are none where it is not among the first ten', () => {
    expect(measure(ids(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), ids(11))).toEqual({ ndcg: 0, recall: 0, mrr: 0 })
    expect(measure([], ids(1))).toEqual({ ndcg: 0, recall: 0, mrr: 0 })
  })

  it('are shared among several documents', () => {
    const { ndcg, recall, mrr } = measure(ids(1, 5, 6, 2), ids(1, 2, 3))
    expect(ndcg).toBeCloseTo((1 + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3) + 1 / 2), 10)
    expect(recall).toBeCloseTo(2 / 3, 10)
    expect(mrr).toBe(1)
  })

  it('lie between 0 and 1, and never fall where a relevant document moves up', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(40), { minLength: 2, maxLength: 30 }), fc.nat(), fc.nat(), (found, at, many) => {
      const list = found.map(String)
      const relevant = list.filter((_, index) => index % (many % 5 + 1) === 0)
      const position = 1 + at % (list.length - 1)
      const before = measure(list, relevant)
      expect(Object.values(before).every(value => value >= 0 && value <= 1 + 1e-12)).toBe(true)
      if (!relevant.includes(list[position]!)) return
      const after = measure(list.with(position, list[position - 1]!).with(position - 1, list[position]!), relevant)
      for (const name of ['ndcg', 'recall', 'mrr'] as const) expect(after[name]).toBeGreaterThanOrEqual(before[name] - 1e-12)
    }))
  })
})

describe('the interval', () => {
  it('holds the mean, is the same at every run, and is narrower with more queries', () => {
    const few = Array.from({ length: 40 }, (_, index) => index % 2)
    const many = Array.from({ length: 1_000 }, (_, index) => index % 2)
    expect(bootstrap(few)).toEqual(bootstrap(few))
    expect(bootstrap(few).mean).toBe(0.5)
    expect(bootstrap(few).low).toBeGreaterThan(0.3)
    expect(bootstrap(few).low).toBeLessThan(bootstrap(many).low)
    expect(bootstrap(many).low).toBeLessThan(0.5)
    expect(bootstrap(many).high).toBeGreaterThan(0.5)
  })

  it('is as wide as theory says', () => {
    const { low, high } = bootstrap(Array.from({ length: 400 }, (_, index) => (index % 4 === 0 ? 1 : 0)))
    expect(high - low).toBeCloseTo(2 * 1.96 * Math.sqrt(0.25 * 0.75 / 400), 2)
  })

  it('has no width where all queries are alike', () => {
    expect(bootstrap([0.25, 0.25, 0.25])).toEqual({ mean: 0.25, low: 0.25, high: 0.25 })
    expect(bootstrap([])).toEqual({ mean: 0, low: 0, high: 0 })
  })
})
