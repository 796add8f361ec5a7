import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { finder, highlights, partsOfPhrase, sharedTerms, termFinder } from './evidence.ts'
import { wordsOfQuery } from './words.ts'

const marked = (text: string, ...needles: string[]): string[] =>
  highlights(text, needles.map(partsOfPhrase)).map(([start, end]) => text.slice(start, end))

describe('highlights', () => {
  it.each([
    { what: 'whole words only', text: 'a car and a cartel', needles: ['car'], expected: ['car'] },
    { what: 'whatever the case', text: 'APPLEBY and Appleby', needles: ['appleby'], expected: ['APPLEBY', 'Appleby'] },
    { what: 'without accents', text: 'les Sociétés écrans', needles: ['societes'], expected: ['Sociétés'] },
    { what: 'with accents that are written apart', text: 'les socie\u0301te\u0301s e\u0301crans', needles: ['sociétés'], expected: ['socie\u0301te\u0301s'] },
    { what: 'letters that fold to two', text: 'in der Straße dort', needles: ['strasse'], expected: ['Straße'] },
    { what: 'ligatures of a PDF', text: 'the ﬁle of it', needles: ['file'], expected: ['ﬁle'] },
    { what: 'after an article', text: 'l’entreprise d\'Annecy', needles: ['entreprise', 'Annecy'], expected: ['entreprise', 'Annecy'] },
    { what: 'Cyrillic', text: 'Перевод денег', needles: ['перевод'], expected: ['Перевод'] },
    { what: 'Chinese within a run of letters', text: '公司股東的名單', needles: ['股東'], expected: ['股東'] },
    { what: 'Arabic', text: 'شركة في بنما اليوم', needles: ['بنما'], expected: ['بنما'] },
    { what: 'behind an emoji', text: '📄📄 deed', needles: ['deed'], expected: ['deed'] },
    { what: 'a phrase over a line break', text: 'real\nestate, real-estate, estate', needles: ['real estate'], expected: ['real\nestate', 'real-estate'] },
    { what: 'a code whatever its separators', text: 'CH93-0076-2011 or CH93 0076 2011', needles: ['CH93-0076-2011'], expected: ['CH93-0076-2011', 'CH93 0076 2011'] },
    { what: 'a part of a code, but no part of a number', text: 'KY1-1104 KY1-11045', needles: ['KY1-1104'], expected: ['KY1-1104'] },
  ])('mark $what', ({ text, needles, expected }) => {
    expect(marked(text, ...needles)).toEqual(expected)
  })

  it('mark a word and the phrase that it is part of once', () => {
    expect(marked('some real estate', 'real', 'estate', 'real estate')).toEqual(['real estate'])
  })

  it('lie in the text, in order, without overlaps, whatever the text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 })
    fc.assert(fc.property(text, fc.array(text, { maxLength: 4 }), (within, phrases) => {
      const ranges = highlights(within, phrases.map(partsOfPhrase))
      expect(ranges.every(([start, end]) => start >= 0 && start < end && end <= within.length)).toBe(true)
      expect(ranges.slice(1).every(([start], index) => start >= ranges[index]![1])).toBe(true)
    }))
  })
})

describe('the finder', () => {
  it('tells which words and codes a text holds', () => {
    expect(finder([['estate'], ['ch93', '0076', '2011'], []])('An Estate of 2011')).toEqual([0])
    expect(finder([['sociétés'], ['societes'], ['股東'], ['stat'], ['real', 'estate'], ['real', 'of']])('Real\nESTATE of Sociétés 公司股東的名單')).toEqual([1, 2, 4])
  })

  it('tells of any text what is marked in it', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'É', 'e\u0301', 'ß', '1', ' ', '-', '.', '\'', '\n', '股', '東', 'ก', '한', '\u0301', '📄'), maxLength: 12 })
    fc.assert(fc.property(text, fc.array(text, { maxLength: 4 }), (within, phrases) => {
      const needles = phrases.map(partsOfPhrase)
      expect(finder(needles)(within)).toEqual(needles.flatMap((needle, index) => (highlights(within, [needle]).length > 0 ? [index] : [])))
    }))
  })
})

describe('the finder of terms', () => {
  const { words } = wordsOfQuery('payments to companies KY1-1104 перевод société')
  const { held, inflected } = termFinder(words.terms, ['ENGLISH', 'FRENCH', 'RUSSIAN'])
  const heldIn = (text: string): string[] => held(text).map(index => words.terms[index]!.text)

  it('finds terms as they stand and in other forms of any language of the project', () => {
    expect(heldIn('A payment of the Company, see ky1 1104')).toEqual(['KY1-1104', 'payments', 'companies'])
    expect(heldIn('Переводы средств')).toEqual(['перевод'])
    expect(heldIn('des SOCIÉTÉS, des societes')).toEqual(['société'])
  })

  it('tells the forms, to be marked', () => {
    expect(inflected('One payment, two payments; paypal and compassion')).toEqual(['payment', 'payments'])
  })

  it('takes no form of a code', () => {
    expect(heldIn('KY1-11045')).toEqual([])
  })
})

describe('shared terms', () => {
  it('name the rare ones first: held by few results, then codes, then names', () => {
    const { words } = wordsOfQuery('company Appleby KY1-1104')
    expect(sharedTerms(words.terms, new Map([['company', 9], ['appleby', 1], ['ky1 1104', 1]]))).toEqual(['KY1-1104', 'Appleby', 'company'])
  })
})
