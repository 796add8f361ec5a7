import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSearch, writeSearch } from './address.ts'
import { noCriteria } from './criteria.ts'

const word = fc.string({ minLength: 1, maxLength: 20 }).filter(text => text.trim() === text && text !== '')
const example = fc.record({
  name: fc.string({ maxLength: 20 }),
  example: fc.oneof(
    fc.record({ documentId: word }),
    fc.record({ documentId: word, passage: fc.tuple(fc.nat(), fc.nat()).map(([start, length]) => ({ start, end: start + length + 1 })) }),
    fc.record({ text: word }),
  ),
})
const criteria = fc.record({
  queries: fc.array(word, { minLength: 1, maxLength: 3 }),
  like: fc.array(example, { maxLength: 3 }),
  unlike: fc.array(example, { maxLength: 3 }),
  filters: fc.record({
    contentType: fc.array(word, { minLength: 1, maxLength: 3 }), path: word, tags: fc.array(word, { minLength: 1, maxLength: 3 }),
    creationDate: fc.constantFrom({ from: '2014-01-01' }, { from: '2014-01-01', to: '2015-02-03' }),
  }, { requiredKeys: [] }),
  mode: fc.constantFrom('hybrid' as const, 'meaning' as const, 'words' as const),
})

describe('a search in an address', () => {
  it('comes back as it was', () => {
    fc.assert(fc.property(criteria, word, (asked, project) => {
      expect(readSearch(writeSearch({ project, criteria: asked }))).toEqual({ project, criteria: asked })
    }))
  })

  it('is read without harm, whatever stands there', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => readSearch(text)).not.toThrow()
    }))
    expect(readSearch('{"project":"p","queries":[1,""],"like":[{"name":"x","example":{"documentId":""}}]}')).toBeNull()
    expect(readSearch('{"project":"p","queries":["q"],"mode":"magic","filters":{"creationDate":{"from":"now"},"path":3}}'))
      .toEqual({ project: 'p', criteria: { ...noCriteria(), queries: ['q'] } })
  })

  it('is refused where it is too long to be shared', () => {
    expect(writeSearch({ project: 'p', criteria: { ...noCriteria(), queries: ['x'.repeat(7_000)] } })).toBeNull()
  })
})
