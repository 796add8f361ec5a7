import { describe, expect, it } from 'vitest'
import { minimumTerms, storeQuery, wordsOfExamples, wordsOfQuery } from './words.ts'

const terms = (query: string): string[] => wordsOfQuery(query).words.terms.map(({ text }) => text)
const phrases = (query: string): readonly string[] => wordsOfQuery(query).words.phrases

describe('words of a query', () => {
  it.each([
    { language: 'English', query: 'who hides the real estate behind nominees', expected: ['hides', 'real', 'estate', 'nominees'] },
    { language: 'French', query: 'qui cache les sociétés dans le port franc', expected: ['cache', 'sociétés', 'port', 'franc'] },
    { language: 'German', query: 'die Firma hat mit dem Konto nichts zu tun', expected: ['Firma', 'Konto'] },
    { language: 'Russian', query: 'перевод денег на счёт в банке', expected: ['перевод', 'денег', 'счёт', 'банке'] },
    { language: 'Chinese', query: '股東的名單', expected: ['股東', '名單'] },
  ])('leaves out the function words of $language', ({ query, expected }) => {
    expect(terms(query)).toEqual(expected)
  })

  it('keeps a word that is a function word in another language only', () => {
    expect(terms('war criminals')).toEqual(['war', 'criminals'])
  })

  it('keeps all words where none would be left', () => {
    expect(terms('to be or not to be')).toEqual(['to', 'be', 'or', 'not'])
  })

  it('pairs neighbours from the text as typed, but not two function words, nor across a full stop', () => {
    expect(phrases('the bank of Geneva. Transfer')).toEqual(['the bank', 'bank of', 'of Geneva'])
  })

  it.each(['"real estate" in Geneva', '“real estate” in Geneva', '«real estate» in Geneva', '„real estate“ in Geneva'])('requires what is quoted in %s, which stays part of the query', (query) => {
    const { text, required, words } = wordsOfQuery(query)
    expect(required).toEqual(['real estate'])
    expect(text).toBe('real estate in Geneva')
    expect(words.terms.map(term => term.text)).toEqual(['real', 'estate', 'Geneva'])
  })

  it('takes an odd quotation mark or an empty quote for nothing', () => {
    expect(wordsOfQuery('the "real estate').required).toEqual([])
    expect(wordsOfQuery('"" estate " "').required).toEqual([])
  })

  it.each(['CH93-0076-2011', 'KY1-1104', 'CH9300762011623852957', 'a.keller@example.org', '0041/22/7310000'])('keeps %s in one piece, as a code', (code) => {
    const { words } = wordsOfQuery(`transfer to ${code}`)
    expect(words.terms.find(({ isCode }) => isCode)?.text).toBe(code)
    expect(terms(`about ${code}.`)).toContain(code)
  })

  it('takes a year for a word', () => {
    expect(wordsOfQuery('report 2011').words.terms.map(({ isCode }) => isCode)).toEqual([false, false])
  })

  it('asks for a word with its article in both forms', () => {
    expect(storeQuery(wordsOfQuery('l’entreprise').words).terms).toBe('l’entreprise entreprise')
    expect(storeQuery(wordsOfQuery('Appleby\'s clients').words).terms).toBe('Appleby\'s Appleby clients')
  })

  it('asks for 32 terms at most', () => {
    expect(terms(Array.from({ length: 500 }, (_, at) => `word${String.fromCharCode(97 + at % 26, 97 + Math.floor(at / 26))}`).join(' '))).toHaveLength(32)
  })
})

describe('words of examples', () => {
  it('puts codes and names before common words', () => {
    const text = 'the payment was made. the payment went to Keller under KY1-1104, a payment like others'
    expect(wordsOfExamples([text]).terms.slice(0, 3).map(each => each.text)).toEqual(['KY1-1104', 'payment', 'Keller'])
  })
})

describe('the least number of shared terms', () => {
  it.each([
    { query: 'KY1-1104', least: 1 },
    { query: 'hidden owners', least: 2 },
    { query: 'Mossack Fonseca', least: 1 },
    { query: 'hidden owners villas', least: 2 },
    { query: 'hidden owners villas coast lawyers trusts', least: 2 },
    { query: 'hidden owners villas coast lawyers trusts nominees', least: 3 },
    { query: 'hidden owners villas coast lawyers trusts nominees banks notaries yachts jets art wine', least: 3 },
  ])('is $least for "$query"', ({ query, least }) => {
    expect(minimumTerms(wordsOfQuery(query).words.terms)).toBe(least)
  })
})
