import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitVectors } from '../testing/store-documents.ts'
import { representative, spread } from './representative.ts'

const DIMENSIONS = 16
/** Near to the axis of a subject, each a little different. */
const about = (subject: number, count: number): Float32Array[] => Array.from({ length: count }, (_, at) => {
  const vector = new Float32Array(DIMENSIONS)
  vector[subject] = 0.95
  vector[8 + at % 8] = Math.sqrt(1 - 0.95 ** 2)
  return vector
})

describe('what stands for a long text', () => {
  it('has a passage of every subject, also of one that is a small part of it', () => {
    const vectors = [...about(0, 150), ...about(1, 6), ...about(2, 40), ...about(3, 4)]
    const subjects = new Set(representative(vectors, 6).map(at => vectors[at]!.indexOf(Math.max(...vectors[at]!))))

    expect(subjects).toEqual(new Set([0, 1, 2, 3]))
    expect(new Set(spread(vectors.length, 6).map(at => vectors[at]!.indexOf(Math.max(...vectors[at]!))))).not.toEqual(subjects)
  })

  it('takes what many resemble before what resembles nothing', () => {
    const odd = new Float32Array(DIMENSIONS)
    odd[7] = 1
    expect(representative([odd, ...about(0, 30), ...about(1, 30)], 2)).not.toContain(0)
  })

  it('is as much as was asked for, in the order of the text, each once, and the same every time', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 260 }), fc.integer({ min: 1, max: 24 }), fc.boolean(), (count, most, areAlike) => {
      const vectors = areAlike ? Array.from({ length: count }, () => about(0, 1)[0]!) : unitVectors(count, DIMENSIONS)
      const chosen = representative(vectors, most)
      expect(chosen).toHaveLength(Math.min(count, most))
      expect(chosen).toEqual([...new Set(chosen)].toSorted((a, b) => a - b))
      expect(representative(vectors, most)).toEqual(chosen)
    }), { numRuns: 40 })
  })
})
