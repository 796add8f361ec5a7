import { describe, expect, it } from 'vitest'
import { knownItems, occurrences, type KnownItems, type RawDocument } from './known-items.ts'

const ALL = { documents: 100, queries: 100, queriesOfDocument: 2 }
const filler = (topic: string): string => `All about ${topic}, and the people who care for the ${topic} in the harbour at night. `.repeat(15)
const document = (id: string, text: string, language: RawDocument['language'] = 'ENGLISH'): RawDocument => ({ id, language, text })
const section = (title: string, topic: string): string => `${title}\n${'='.repeat(title.length)}\n\n${filler(topic)}\n\n`
const texts = ({ queries }: KnownItems): string[] => queries.map(({ text }) => text).toSorted()

describe('known items', () => {
  it('ask with a title for the document that has lost it', () => {
    const items = knownItems([
      document('ropes.rst', section('How ropes are stored in winter', 'ropes') + section('Where old ropes are burned', 'fire')),
      document('ships.rst', filler('ships') + '\n\n' + section('Painting ships below the waterline', 'paint')),
    ], ALL)
    expect(texts(items)).toEqual(['How ropes are stored in winter', 'Painting ships below the waterline', 'Where old ropes are burned'])
    for (const { text, relevant, answerAt } of items.queries) {
      const { content } = items.documents.find(({ id }) => id === relevant[0])!
      expect(content).not.toContain(text)
      expect(content.slice(answerAt!)).toMatch(/^\nAll about/)
    }
    const ships = items.queries.find(({ relevant }) => relevant[0] === 'ships.rst')
    expect(ships?.answerAt).toBe(filler('ships').length + 2)
  })

  it('never ask for what several documents have, or mention', () => {
    const shared = 'Notes on the upkeep of cranes'
    expect(texts(knownItems([
      document('a.rst', section(shared, 'cranes') + section('Release notes of version 1.2', 'news')),
      document('b.rst', section(shared, 'oil') + section('Release notes of version 1.3', 'news')),
      document('c.rst', section('Greasing the wheels of wagons', 'wagons')),
      document('d.rst', `See: greasing the\nwheels of wagons. ${filler('rails')}`),
      document('e.rst', section('Tickets for the ferry boat', 'ferries')),
    ], ALL))).toEqual(['Tickets for the ferry boat'])
  })

  it('never ask with code, short titles, or for a section without text', () => {
    expect(knownItems([document('a.rst', [
      section('Ropes', 'ropes'), section('Calling the harbour_master() function', 'radio'), section('Using "moored" as a value', 'values'),
      'A title above another title\n===========================\n\n', section('It is on', 'light'),
    ].join(''))], ALL).queries).toEqual([])
  })

  it('leave out stubs, giants, doubles and what is not translated', () => {
    const german = 'Die Taue liegen in der Halle und werden mit Öl gepflegt. '.repeat(20)
    const items = knownItems([
      document('stub.rst', 'Too short.'), document('giant.rst', filler('giants').repeat(60)), document('one.rst', filler('twins')), document('two.rst', filler('twins')),
      document('de.rst', german, 'GERMAN'), document('en.rst', filler('ships'), 'GERMAN'),
    ], ALL)
    expect(items.documents.map(({ id }) => id).toSorted()).toEqual(['de.rst', 'two.rst'])
  })

  it('take so many of each language and document, always the same ones, and keep a document in one part', () => {
    const raw = Array.from({ length: 30 }, (_, at) => document(`d${at}.rst`, ['bows', 'sterns', 'keels'].map(part => section(`Repairing the ${part} of vessel ${'abcdefghijklmnopqrstuvwxyz1234'.charAt(at).repeat(4)}`, part)).join('')))
    const items = knownItems(raw, { documents: 20, queries: 30, queriesOfDocument: 2 })
    expect(items.documents).toHaveLength(20)
    expect(items.queries).toHaveLength(30)
    expect(knownItems(raw.toReversed(), { documents: 20, queries: 30, queriesOfDocument: 2 })).toEqual(items)
    const parts = Map.groupBy(items.queries, ({ relevant }) => relevant[0])
    for (const queries of parts.values()) expect(new Set(queries.map(({ part }) => part)).size).toBe(1)
    expect(new Set(items.queries.map(({ part }) => part)).size).toBe(2)
  })

  it('leave chapter numbers out of the question, and keep those of versions', () => {
    const items = knownItems([document('a.rst', section('6.5.1. Loading the cargo at night', 'cargo') + section('Python 3.11 support for pilots', 'pilots'))], ALL)
    expect(texts(items)).toEqual(['Loading the cargo at night', 'Python 3.11 support for pilots'])
  })
})

describe('occurrences', () => {
  it('are counted over all texts, overlapping ones too', () => {
    expect(occurrences(['aba', 'abc', 'zzz'], ['ababa abc', 'abc'])).toEqual(new Map([['aba', 2], ['abc', 2], ['zzz', 0]]))
  })
})
