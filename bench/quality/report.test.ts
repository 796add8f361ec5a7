import { describe, expect, it } from 'vitest'
import { within } from './options.ts'
import { claimsOf, partsOf, type Outcome } from './report.ts'
import { asMarkdown } from './tables.ts'

const all = (ndcg: number): { ndcg: number, recall: number, mrr: number } => ({ ndcg, recall: ndcg, mrr: ndcg })
const outcomes = (shared: Partial<Outcome>, count = 10): Outcome[] => Array.from({ length: count }, (_, index): Outcome => ({
  collection: 'english', language: 'ENGLISH', part: 'report', isDeep: index % 2 === 0,
  measures: { reference: all(0.4), passages: all(0.5), documents: all(0.6), words: all(0.7), meaning: all(0.5), hybrid: all(0.9) }, ...shared,
}))
const OUTCOMES = [
  ...outcomes({}), ...outcomes({ part: 'tune' }), ...outcomes({ collection: 'languages', language: 'FRENCH' }), ...outcomes({ collection: 'debian', language: 'GERMAN' }),
  ...outcomes({ collection: 'sample', language: 'RUSSIAN', isDeep: null }), ...outcomes({ collection: 'sample', language: 'SPANISH', isDeep: null }, 2),
]

describe('the report', () => {
  const parts = partsOf(OUTCOMES)

  it('has a part for each question, and none for a handful of queries', () => {
    expect(parts.map(({ name, queries }) => `${name}: ${queries}`)).toEqual([
      'English, report: 10', 'English, report, answer within 512 tokens: 5', 'English, report, answer beyond 512 tokens: 5', 'English, tune: 10',
      'other languages, report: 10', 'other languages, report, answer within 512 tokens: 5', 'other languages, report, answer beyond 512 tokens: 5',
      'French: 10', 'Debian’s manuals, German: 10', 'sample collection: 12', 'sample collection, Russian: 10',
    ])
  })

  it('gives each system three figures with intervals, and compares hybrid with the better list and the reference', () => {
    const estimate = { mean: expect.any(Number) as number, low: expect.any(Number) as number, high: expect.any(Number) as number }
    for (const part of parts) {
      for (const system of ['reference', 'passages', 'documents', 'words', 'meaning', 'hybrid'] as const) expect(part.systems[system]).toEqual({ ndcg: estimate, recall: estimate, mrr: estimate })
      expect(part.betterList).toBe('documents')
      expect(part.differences).toEqual([{ of: 'hybrid', from: 'documents', estimate }, { of: 'hybrid', from: 'words', estimate }, { of: 'hybrid', from: 'reference', estimate }])
      expect(part.ratios.reference).toBeCloseTo(2.25, 10)
    }
  })

  it('compares a variant with hybrid', () => {
    const [part] = partsOf(outcomes({ measures: { reference: all(0.1), words: all(0.5), meaning: all(0.6), hybrid: all(0.7), variant: all(0.8) } }))
    expect(part?.betterList).toBe('meaning')
    expect(part?.differences.at(-1)).toMatchObject({ of: 'variant', from: 'hybrid' })
    expect(part?.differences.at(-1)?.estimate.mean).toBeCloseTo(0.1, 10)
  })

  it('says of each promise whether it is kept, where it was measured', () => {
    expect(claimsOf(parts).map(({ isReached }) => isReached)).toEqual([true, true, false, true])
    expect(claimsOf(partsOf(outcomes({ collection: 'sample' })))).toEqual([])
  })

  it('is shown as tables of Markdown', () => {
    const lines = asMarkdown(parts, claimsOf(parts)).split('\n')
    expect(lines).toContain('|  | queries | reference | passages | documents | words | meaning | hybrid |')
    expect(lines).toContain('| French | 10 | 0.400 [0.400, 0.400] | 0.500 [0.500, 0.500] | 0.600 [0.600, 0.600] | 0.700 [0.700, 0.700] | 0.500 [0.500, 0.500] | 0.900 [0.900, 0.900] |')
    expect(lines).toContain('| French | hybrid − reference | +0.500 [0.500, 0.500] | × 2.25 |')
    expect(lines.filter(line => line.startsWith('**'))).toEqual(['**nDCG@10**', '**recall@10**', '**MRR@10**', '**Differences, paired by query**', '**What is promised**'])
  })
})

describe('a part of a collection', () => {
  const collection = {
    name: 'english', notes: [], documents: ['a', 'b', 'c'].map(id => ({ id, language: 'ENGLISH', content: id })),
    queries: ['a', 'b', 'c'].map(id => ({ id, language: 'ENGLISH', text: id, like: null, relevant: [id], answerAt: 0, part: id === 'a' ? 'tune' as const : 'report' as const })),
  } as const

  it('holds the queries that its documents answer', () => {
    expect(within(collection, { limit: 2, tune: false }).queries.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(within(collection, { limit: Infinity, tune: true }).queries.map(({ id }) => id)).toEqual(['a'])
  })

  it('has first the documents that the queries ask for, also those that they ask with', () => {
    const like = { ...collection, queries: [{ ...collection.queries[2]!, like: 'b' }] }
    expect(within(like, { limit: 2, tune: false }).documents.map(({ id }) => id)).toEqual(['b', 'c'])
    expect(within(like, { limit: 1, tune: false }).queries).toEqual([])
  })
})
