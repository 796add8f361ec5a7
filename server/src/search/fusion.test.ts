import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuse } from './fusion.ts'
import { votesOf } from './lists.ts'

const list = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'), { maxLength: 10 })
const lists = fc.array(list, { minLength: 1, maxLength: 4 })

describe('fusion', () => {
  it('puts what several lists agree on before what one list has first', () => {
    expect(fuse([['a', 'b'], ['c', 'b'], ['d', 'b']]).map(({ id }) => id)).toEqual(['b', 'a', 'c', 'd'])
  })

  it('breaks ties by id', () => {
    expect(fuse([['b', 'a'], ['a', 'b']]).map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('puts first places in two lists before distant ones in three', () => {
    const far = (name: string, length: number): string[] => Array.from({ length }, (_, at) => `${name}${at}`)
    expect(fuse([['a', ...far('x', 28), 'b'], ['a', ...far('y', 28), 'b'], [...far('z', 29), 'b']])[0]?.id).toBe('a')
  })

  it('scores the first place of one list 1/6', () => {
    expect(fuse([['a']])).toEqual([{ id: 'a', score: 1 / 6 }])
  })

  it('answers the same whatever the order of the lists', () => {
    fc.assert(fc.property(lists.chain(each => fc.tuple(fc.constant(each), fc.shuffledSubarray(each, { minLength: each.length }))), ([straight, shuffled]) => {
      expect(fuse(shuffled)).toEqual(fuse(straight))
    }))
  })

  it('never lowers a document that moves up in a list', () => {
    fc.assert(fc.property(lists, list.filter(({ length }) => length > 1), fc.nat(), (others, moved, seed) => {
      const at = 1 + seed % (moved.length - 1)
      const up = moved.with(at - 1, moved[at]!).with(at, moved[at - 1]!)
      const place = (fused: readonly { id: string }[]): number => fused.findIndex(({ id }) => id === moved[at])
      expect(place(fuse([...others, up]))).toBeLessThanOrEqual(place(fuse([...others, moved])))
    }))
  })

  it('holds each document of the lists once, best first', () => {
    fc.assert(fc.property(lists, (each) => {
      const fused = fuse(each)
      expect(new Set(fused.map(({ id }) => id))).toEqual(new Set(each.flat()))
      expect(fused).toHaveLength(new Set(each.flat()).size)
      expect(fused.map(({ score }) => score)).toEqual(fused.map(({ score }) => score).toSorted((a, b) => b - a))
    }))
  })

  it('counts no place that is empty, and moves nobody up into it', () => {
    expect(fuse([[null, 'a'], ['b']])).toEqual([{ id: 'b', score: 1 / 6 }, { id: 'a', score: 1 / 7 }])
  })

  it('lowers what stands in the lists against, and brings nothing in from them', () => {
    expect(fuse([['a', 'b', 'c']], [['a', 'x']]).map(({ id }) => id)).toEqual(['b', 'c', 'a'])
  })
})

describe('what is fused', () => {
  const listed = (documentId: string, language = 'ENGLISH') => ({ documentId, rootId: documentId, language, score: 1, passages: [] })
  const votes = (foreign: string[]) => votesOf({
    meaning: [listed('french-both', 'FRENCH'), listed('english-both'), listed('french-meaning', 'FRENCH')],
    words: [listed('english-both'), listed('french-both', 'FRENCH')],
    document: [listed('french-words', 'FRENCH')],
  }, { foreign: new Set(foreign) })

  it('leaves the meaning of a document in a language that the model was not made for to its words, where it has some', () => {
    expect(votes(['FRENCH'])).toEqual([[null, 'english-both', 'french-meaning'], ['english-both', 'french-both'], ['french-words']])
  })

  it('is each list as it is where the model was made for the languages', () => {
    expect(votes([])[0]).toEqual(['french-both', 'english-both', 'french-meaning'])
  })
})
