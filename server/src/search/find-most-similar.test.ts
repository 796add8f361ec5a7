import { SimilarityError } from '@datashare-similarity/shared'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Embedders } from '../embedding/embedder.ts'
import { DEEP_SENTENCE } from '../testing/small-collection.ts'
import { contentOf, COVERAGE, ids, LONG, only, openSmallSearch, type SmallSearch } from '../testing/small-search.ts'

let search: SmallSearch
const find: SmallSearch['find'] = (request, changed) => search.find(request, changed)
const group: SmallSearch['group'] = request => search.group(request)

beforeAll(async () => {
  search = await openSmallSearch()
})

afterAll(() => search[Symbol.asyncDispose]())

afterEach(() => {
  search.hydrator.hidden.clear()
  search.hydrator.tags.clear()
})

const code = async (request: Promise<unknown>): Promise<string> => {
  const error: unknown = await request.then(() => null, (thrown: unknown) => thrown)
  return error instanceof SimilarityError ? error.code : String(error)
}

/** The model's process is gone. */
const withoutModel = (): Embedders => {
  const unavailable = (): Promise<never> => Promise.reject(new SimilarityError('embedder_unavailable'))
  return { ...search.embedders, get: unavailable }
}

describe('queries', () => {
  it('answer a group each, in order, with the current generation and the coverage', async () => {
    const answer = await find({ queries: ['doc about books', 'doc speaking about animal', 'musical instrument'] })

    expect(answer.results.map(({ query }) => query)).toEqual([
      { index: 0, text: 'doc about books' }, { index: 1, text: 'doc speaking about animal' }, { index: 2, text: 'musical instrument' },
    ])
    expect(answer.results.map(each => ids(each)[0])).toEqual(['novel', 'monkey', 'violin'])
    expect(answer).toMatchObject({ generation: search.generation.id, coverage: COVERAGE, degraded: null })
    expect(answer.tookMs).toBeGreaterThan(0)
  })

  it.each(['hybrid', 'meaning'] as const)('rank a document about a novel first for "doc about books" by %s', async (mode) => {
    expect(ids(await group({ queries: ['doc about books'], mode }))[0]).toBe('novel')
    expect(ids(await group({ queries: ['doc speaking about animal'], mode }))[0]).toBe('monkey')
  })

  it.each([
    { query: 'CH93-0076-2011', expected: 'swiss-file' },
    { query: 'KY1-1104', expected: 'cayman-box' },
    { query: 'CH9300762011623852957', expected: 'iban' },
  ])('find $query first, as exact words, with the code marked', async ({ query, expected }) => {
    const { documents: [first] } = await group({ queries: [query] })

    expect(first).toMatchObject({ documentId: expected, strength: 'words', ranks: { words: 1, document: 1 } })
    const [passage] = first!.passages
    expect(passage!.highlights.map(([start, end]) => passage!.text.slice(start, end))).toEqual([query])
    expect(passage!.sharedTerms).toEqual([query])
  })

  it('take a part of a code for no hit', async () => {
    expect(ids(await group({ queries: ['CH93-0076-2011'], mode: 'words' }))).toEqual(['swiss-file'])
  })

  it.each([
    { query: 'who hides real estate behind nominees', expected: 'nominees' },
    { query: 'hidden ownership of luxury homes', expected: 'nominees' },
    { query: 'musical instrument of old Italian makers', expected: 'violin' },
    { query: 'lessons for small children', expected: 'school' },
  ])('find a paraphrase without a common word first: $query', async ({ query, expected }) => {
    const { documents: [first] } = await group({ queries: [query] })

    expect(first).toMatchObject({ documentId: expected, ranks: { meaning: 1, words: null, document: null } })
    expect(first!.strength).not.toBe('words')
  })

  it('find what stands beyond the first window of a long document, at its exact place', async () => {
    const { documents: [first] } = await group({ queries: ['underwater warship'] })

    expect(first!.documentId).toBe('long-report')
    const [passage] = first!.passages
    expect(passage!.text).toContain(DEEP_SENTENCE)
    expect(passage!.start).toBeGreaterThan(2_500)
    for (const { start, end, text } of first!.passages) expect(contentOf('long-report').slice(start, end)).toBe(text)
    expect(first!.passages.length).toBeLessThanOrEqual(3)
  })

  it.each([
    { language: 'French', query: 'societes ecrans du notaire', expected: 'french', marks: ['notaire', 'sociétés', 'écrans'] },
    { language: 'French with an article', query: 'commissions de l’entreprise', expected: 'french', marks: ['entreprise', 'commissions'] },
    { language: 'French in another number', query: 'société écran d’un notaire', expected: 'french', marks: ['notaire', 'sociétés', 'écrans'] },
    { language: 'Russian', query: 'перевод денег', expected: 'russian', marks: ['перевод', 'денег'] },
    { language: 'Russian in another case', query: 'переводами деньги', expected: 'russian', marks: ['перевод'] },
    { language: 'Chinese', query: '股東名單', expected: 'chinese', marks: ['股東', '名單'] },
  ])('find $language words, whatever accents and case, and mark them', async ({ query, expected, marks }) => {
    const { documents: [first] } = await group({ queries: [query] })

    expect(first!.documentId).toBe(expected)
    const { text, highlights } = first!.passages[0]!
    expect(highlights.map(([start, end]) => text.slice(start, end))).toEqual(marks)
  })

  it('take one word of several for a hit only in a language that the model was not made for', async () => {
    const ranksOf = async (query: string, id: string) => (await group({ queries: [query], size: 40 })).documents.find(({ documentId }) => documentId === id)!.ranks

    expect(await ranksOf('перевод акций дочерней компании', 'russian')).toMatchObject({ words: 1, document: 1 })
    expect(await ranksOf('prices of violin repair in workshops', 'violin')).toMatchObject({ words: null, document: null })
  })

  it('in mode meaning have no ranks by words, in mode words none by meaning', async () => {
    const [meaning, words] = [await group({ queries: ['lease of a jet'], mode: 'meaning' }), await group({ queries: ['lease of a jet'], mode: 'words' })]

    expect(meaning.documents.every(({ ranks }) => ranks.meaning !== null && ranks.words === null && ranks.document === null)).toBe(true)
    expect(ids(words).toSorted()).toEqual(['contract', 'contract-annex'])
    expect(words.documents.every(({ strength, ranks }) => strength === 'words' && ranks.meaning === null)).toBe(true)
  })

  it('of equal wording answer the same twice', async () => {
    const [one, other] = [await find({ queries: ['a jet for rent'] }), await find({ queries: ['a jet for rent'] })]

    expect(other.results).toEqual(one.results)
  })
})

describe('quoted words', () => {
  it.each(['hybrid', 'meaning', 'words'] as const)('must stand in the documents, by %s', async (mode) => {
    expect(ids(await group({ queries: ['"lower streets" aircraft rental'], mode }))).toEqual(['flood'])
  })

  it('are found without accents, and marked', async () => {
    const { documents } = await group({ queries: ['«societes ecrans»'] })

    expect(documents.map(({ documentId }) => documentId)).toEqual(['french'])
    const { text, highlights } = documents[0]!.passages[0]!
    expect(highlights.map(([start, end]) => text.slice(start, end))).toEqual(['sociétés écrans'])
  })

  it('that no document holds give an empty group', async () => {
    expect(await group({ queries: ['“streets lower” river'] })).toMatchObject({ documents: [], hasMore: false })
  })

  it('are in the first passage shown, wherever they stand', async () => {
    const { documents } = await group({ queries: ['"sunken submarine" boiler cleaned by the caretaker'] })

    expect(documents.map(({ documentId }) => documentId)).toEqual(['long-report'])
    expect(documents[0]!.passages.some(({ text }) => text.includes('sunken submarine'))).toBe(true)
  })
})

describe('strength', () => {
  it('below the minimum removes documents, but none that holds the words', async () => {
    const all = await group({ queries: ['CH93-0076-2011', 'rent an aircraft'], size: 40 })
    const strong = await find({ queries: ['CH93-0076-2011', 'rent an aircraft'], size: 40, minimumStrength: 'related' })

    expect(all.documents.length).toBeGreaterThan(20)
    expect(ids(strong.results[0]!)[0]).toBe('swiss-file')
    expect(strong.results[1]!.documents.map(({ strength }) => strength)).not.toContain('weak')
    expect(ids(strong.results[1]!)).toContain('contract')
    expect(ids(strong.results[1]!)).not.toContain('recipe')
  })

  it('is near-identical for a text that is a document, not for one that is near it', async () => {
    const [copy, near] = [await group({ like: [{ text: contentOf('violin') }] }), await group({ like: [{ text: `${contentOf('violin')} So they say.` }] })]

    expect(copy.documents[0]).toMatchObject({ documentId: 'violin', strength: 'near-identical' })
    expect(near.documents[0]).toMatchObject({ documentId: 'violin', strength: 'strong' })
  })
})

describe('copies', () => {
  it('are folded under the best and listed', async () => {
    const { documents } = await group({ queries: ['quarterly figures of the brewery'] })

    const mails = documents.filter(({ documentId }) => documentId.startsWith('mail'))
    expect(mails.map(({ documentId }) => documentId)).toEqual(['mail-1'])
    expect(mails[0]!.duplicates).toEqual([
      { documentId: 'mail-2', rootId: 'mail-2', title: 'mail-2.txt', path: '/vault/mail/mail-2.txt', similarity: 1 },
      { documentId: 'mail-3', rootId: 'mail-3', title: 'mail-3.txt', path: '/vault/mailbox/mail-3.txt', similarity: 1 },
    ])
  })

  it('that the caller does not see are not listed, and another stands for them', async () => {
    search.hydrator.hidden.add('mail-1')
    const { documents: [first] } = await group({ queries: ['quarterly figures of the brewery'] })

    expect(first!.documentId).toBe('mail-2')
    expect(first!.duplicates.map(({ documentId }) => documentId)).toEqual(['mail-3'])
  })

  it('stand alone where folding is off', async () => {
    const { documents } = await group({ queries: ['quarterly figures of the brewery'], foldDuplicates: false })

    expect(documents.slice(0, 3).map(({ documentId }) => documentId)).toEqual(['mail-1', 'mail-2', 'mail-3'])
    expect(documents.every(({ duplicates }) => duplicates.length === 0)).toBe(true)
  })
})

describe('what the caller does not see', () => {
  it('is left out, and the page is filled with what comes next', async () => {
    const before = await group({ queries: ['rent an aircraft'], size: 4 })
    for (const id of ids(before).slice(0, 2)) search.hydrator.hidden.add(id)
    const after = await group({ queries: ['rent an aircraft'], size: 4 })

    expect(after.documents).toHaveLength(4)
    expect(ids(after).slice(0, 2)).toEqual(ids(before).slice(2))
  })

  it('is no example either', async () => {
    search.hydrator.hidden.add('yacht')

    expect(await code(find({ like: [{ documentId: 'yacht' }] }))).toBe('document_unknown')
    expect(await code(find({ like: [{ documentId: 'yacht', passage: { start: 0, end: 10 } }] }))).toBe('document_unknown')
    expect(await code(find({ queries: ['boats'], unlike: [{ documentId: 'nobody' }] }))).toBe('document_unknown')
  })
})

describe('pages', () => {
  it('continue each other without a repetition, to the end', async () => {
    const whole = await group({ queries: ['rent an aircraft'], size: 40 })
    const pages = await Promise.all([0, 12, 24].map(from => group({ queries: ['rent an aircraft'], size: 12, from })))

    expect(whole.hasMore).toBe(false)
    expect(pages.flatMap(ids)).toEqual(ids(whole))
    expect(pages.map(({ hasMore }) => hasMore)).toEqual([true, true, false])
  })
})

describe('filters', () => {
  it.each([
    { name: 'language', filters: { language: ['FRENCH', 'RUSSIAN'] }, expected: ['french', 'russian'] },
    { name: 'type', filters: { contentType: ['message/rfc822'] }, expected: ['mail-1'] },
    { name: 'folder, with what is below it', filters: { path: '/vault/mail' }, expected: ['brewery-report', 'mail-1'] },
    { name: 'folder with a slash', filters: { path: '/vault/mail/' }, expected: ['brewery-report', 'mail-1'] },
    { name: 'date', filters: { creationDate: { from: '2012-01-01', to: '2012-12-31' } }, expected: ['helicopter', 'yacht'] },
    { name: 'tag', filters: { tags: ['seen'] }, expected: ['chess', 'flood'] },
    { name: 'tag and folder', filters: { tags: ['seen'], path: '/vault/mail' }, expected: [] },
    { name: 'unknown tag', filters: { tags: ['nobody'] }, expected: [] },
  ])('by $name apply before ranking, so that a page is full', async ({ filters, expected }) => {
    search.hydrator.tags.set('seen', ['chess', 'flood'])
    const answer = await group({ queries: ['rent an aircraft'], filters })

    expect(ids(answer).toSorted()).toEqual(expected)
  })

  it('leave out the named documents', async () => {
    expect(ids(await group({ queries: ['violin'], filters: { excludeDocumentIds: ['violin'] }, size: 40 }))).not.toContain('violin')
  })

  it('restrict quoted words further', async () => {
    search.hydrator.tags.set('seen', ['chess'])
    expect(ids(await group({ queries: ['"lower streets"'], filters: { tags: ['seen'] } }))).toEqual([])
  })
})

describe('without the model', () => {
  it('queries are answered by words, and the answer says so', async () => {
    const answer = await find({ queries: ['lease of a jet'] }, { embedders: withoutModel() })

    expect(answer.degraded).toBe('words-only')
    expect(ids(answer.results[0]!)[0]).toMatch(/^contract/u)
    expect(answer.results[0]!.documents.every(({ strength }) => strength === 'words')).toBe(true)
  })

  it('meaning alone is refused', async () => {
    expect(await code(find({ queries: ['lease of a jet'], mode: 'meaning' }, { embedders: withoutModel() }))).toBe('embedder_unavailable')
  })

  it('vectorized examples are compared all the same', async () => {
    const request = { like: [{ documentId: 'contract' }], mode: 'meaning' as const }
    const answer = await find(request, { embedders: withoutModel() })

    expect(answer.degraded).toBeNull()
    expect(answer.results).toEqual((await find(request)).results)
  })

  it('other examples are found by their words', async () => {
    const answer = await find({ like: [{ text: contentOf('violin') }] }, { embedders: withoutModel() })

    expect(answer.degraded).toBe('words-only')
    expect(ids(answer.results[0]!)).toEqual(['violin'])
  })

  it('examples of half a million letters are found by their words, and a part of them is shown beside', async () => {
    const answer = await find({ like: [{ documentId: LONG.id }] }, { embedders: withoutModel() })

    const passages = answer.results.flatMap(({ documents }) => documents.flatMap(({ passages }) => passages))
    expect(ids(answer.results[0]!)).toEqual(['violin'])
    for (const { matches } of passages) {
      expect(matches!.text).toBe(LONG.content.slice(matches!.start, matches!.end))
      expect(matches!.text.length).toBeLessThanOrEqual(10_000)
    }
  })
})

describe('generations', () => {
  it('that are not current any more are refused', async () => {
    expect(await code(find({ queries: ['x'], generation: 'older' }))).toBe('generation_changed')
    expect((await find({ queries: ['cake'], generation: search.generation.id })).results[0]!.documents).not.toHaveLength(0)
  })

  it('missing altogether give empty groups and the coverage', async () => {
    const answer = await find({ queries: ['cake', 'jet'], like: [{ documentId: 'yacht' }] }, { generations: only(null) })

    expect(answer).toMatchObject({ generation: null, coverage: COVERAGE, degraded: null })
    expect(answer.results.map(({ documents, hasMore }) => ({ documents, hasMore }))).toEqual(Array(3).fill({ documents: [], hasMore: false }))
  })
})

it('a search that is given up ends', async () => {
  const gone = new AbortController()
  gone.abort(new SimilarityError('deadline_exceeded'))

  expect(await code(find({ queries: ['cake'] }, { signal: gone.signal }))).toBe('deadline_exceeded')
})
