import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stemsIn, stemsOfContent, stemsOfWord } from './stems.ts'

const LANGUAGES = ['ENGLISH', 'FRENCH', 'GERMAN', 'RUSSIAN', 'ARABIC', 'CHINESE', 'UNKNOWN']
const meet = (language: string, one: string, other: string): boolean => new Set(stemsOfWord(one, language)).intersection(new Set(stemsOfWord(other, language))).size > 0

describe('stems', () => {
  it.each([
    ['ENGLISH', 'payments', 'payment'], ['ENGLISH', 'Companies', 'company'], ['ENGLISH', 'Appleby\'s', 'APPLEBY'],
    ['FRENCH', 'sociétés', 'société'], ['FRENCH', 'sociétés', 'societe'], ['FRENCH', 'nationaux', 'national'], ['FRENCH', 'l’entreprise', 'entreprises'],
    ['GERMAN', 'Häuser', 'haus'], ['GERMAN', 'Straße', 'strasse'], ['SPANISH', 'fundación', 'fundaciones'],
    ['RUSSIAN', 'перевода', 'перевод'], ['RUSSIAN', 'Переводы', 'перевод'], ['UKRAINIAN', 'переказу', 'переказ'], ['TURKISH', 'şirketler', 'şirket'],
  ])('of %s are the same for %s and %s', (language, one, other) => {
    expect(meet(language, one, other)).toBe(true)
  })

  it('keep different words apart, and languages too', () => {
    expect(meet('ENGLISH', 'company', 'companion')).toBe(false)
    expect(stemsOfWord('pays', 'FRENCH')).not.toEqual(stemsOfWord('pays', 'ENGLISH'))
  })

  it('leave codes as they are, whole and in parts', () => {
    expect(stemsOfWord('KY1-1104', 'ENGLISH')).toEqual(['#ky1.1104', '#ky1', 'en:1104'])
    expect(stemsOfWord('ky1-1104', 'FRENCH')).toContain('#ky1.1104')
  })

  it('cut Chinese into words, and leave languages without stemmer as they are', () => {
    expect([...stemsOfContent('公司的股東名單', 'CHINESE')].join(' ').split(' ')).toContain('xx:股東')
    expect(stemsOfWord('Umowy', 'POLISH')).toEqual(['xx:umowy'])
  })

  it('of a content are those of its words, in pieces of a bounded size', () => {
    const pieces = [...stemsOfContent('Payments to companies. '.repeat(4_000), 'ENGLISH')]
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join(' ').split(' ').slice(0, 3)).toEqual(['en:payment', 'en:to', 'en:compani'])
    expect(pieces.join(' ').split(' ')).toHaveLength(12_000)
  })

  it('hold no blank, whatever the text, so that each stays one word of the index', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 80 })
    fc.assert(fc.property(text, fc.constantFrom(...LANGUAGES), (content, language) => {
      const stems = [...stemsOfContent(content, language)].join(' ')
      expect(stems.split(' ').every(stem => stem === '' ? stems === '' : /^(?:#|\w\w:)\S*$/u.test(stem))).toBe(true)
    }), { numRuns: 1_000 })
  })

  it('are found by each word of the content', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-zA-Zéèüß]{1,12}$/), { minLength: 1, maxLength: 20 }), fc.constantFrom(...LANGUAGES), (words, language) => {
      const stems = new Set([...stemsOfContent(words.join(' '), language)].join(' ').split(' '))
      expect(words.every(word => stemsIn(LANGUAGES, word).some(stem => stems.has(stem)))).toBe(true)
    }))
  })
})
