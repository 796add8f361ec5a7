import { SimilarityError } from '@datashare-similarity/shared'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEEP_SENTENCE } from '../testing/small-collection.ts'
import { contentOf, ids, NEW, openSmallSearch, type SmallSearch } from '../testing/small-search.ts'

let search: SmallSearch
const find: SmallSearch['find'] = (request, changed) => search.find(request, changed)
const group: SmallSearch['group'] = request => search.group(request)

beforeAll(async () => {
  search = await openSmallSearch()
})

afterAll(() => search[Symbol.asyncDispose]())

const code = async (request: Promise<unknown>): Promise<string> => {
  const error: unknown = await request.then(() => null, (thrown: unknown) => thrown)
  return error instanceof SimilarityError ? error.code : String(error)
}

describe('examples', () => {
  it('that are documents answer passage to passage, in the last group, without themselves', async () => {
    const { results } = await find({ queries: ['cake'], like: [{ documentId: 'contract' }] })

    expect(results.map(({ query }) => query)).toEqual([{ index: 0, text: 'cake' }, { like: true }])
    expect(ids(results[1]!)[0]).toBe('contract-annex')
    expect(ids(results[1]!)).not.toContain('contract')
    const [passage] = results[1]!.documents[0]!.passages
    expect(passage!.matches).toEqual({ documentId: 'contract', start: 0, end: contentOf('contract').length, text: contentOf('contract') })
    expect(passage!.sharedTerms).toEqual(expect.arrayContaining(['aircraft', 'jet']))
    expect(passage!.highlights.length).toBeGreaterThan(0)
  })

  it('bring neither their copies nor, where excluded, their family', async () => {
    expect(ids(await group({ like: [{ documentId: 'mail-2' }], size: 40 })).filter(id => id.startsWith('mail'))).toEqual([])
    const withoutFamily = await group({ like: [{ documentId: 'contract' }], filters: { excludeFamilyOf: 'contract-annex' }, size: 40 })
    expect(ids(withoutFamily)).not.toContain('contract-annex')
    expect(withoutFamily.documents).not.toHaveLength(0)
  })

  it('that are long answer with the passage that each result is nearest to', async () => {
    const { documents } = await group({ like: [{ documentId: 'long-report' }] })

    const matches = documents.flatMap(({ passages }) => passages.flatMap(passage => passage.matches ?? []))
    expect(matches.length).toBeGreaterThan(0)
    expect(new Set(matches.map(({ start }) => start)).size).toBeGreaterThan(1)
    for (const { start, end, text } of matches) expect(text).toBe(contentOf('long-report').slice(start, end))
  })

  it('that are not vectorized are read through Datashare', async () => {
    const { documents: [first] } = await group({ like: [{ documentId: 'new' }] })

    expect(first!.documentId).toBe('contract')
    expect(first!.passages[0]!.matches).toMatchObject({ documentId: 'new', start: 0, text: NEW.content })
  })

  it('that are a passage are compared by that passage', async () => {
    const start = contentOf('long-report').indexOf(DEEP_SENTENCE)
    const { documents: [first] } = await group({ like: [{ documentId: 'new', passage: { start: 2, end: 25 } }] })

    expect(first!.passages[0]!.matches).toEqual({ documentId: 'new', start: 2, end: 25, text: NEW.content.slice(2, 25) })
    const deep = await group({ like: [{ documentId: 'long-report', passage: { start, end: start + DEEP_SENTENCE.length } }], size: 1 })
    const { matches } = deep.documents[0]!.passages[0]!
    expect(matches!.text).toBe(contentOf('long-report').slice(matches!.start, matches!.end))
    expect(matches!.text).toContain('submarine')
  })

  it('that are a passage outside of the document are refused', async () => {
    expect(await code(find({ like: [{ documentId: 'yacht', passage: { start: 5, end: 5_000 } }] }))).toBe('passage_outside')
    expect(await code(find({ like: [{ documentId: 'new', passage: { start: 500, end: 600 } }] }))).toBe('passage_outside')
  })

  it('of several kinds make one group that answers them all', async () => {
    const { documents } = await group({ like: [{ documentId: 'contract' }, { text: 'boats for hire' }], size: 5 })

    expect(documents.map(({ documentId }) => documentId)).toContain('yacht')
    expect(documents.map(({ documentId }) => documentId)).toContain('contract-annex')
  })

  it('to avoid lower every group, and are left out themselves', async () => {
    const plain = await find({ queries: ['rent an aircraft'], like: [{ documentId: 'helicopter' }], size: 40 })
    const without = await find({ queries: ['rent an aircraft'], like: [{ documentId: 'helicopter' }], unlike: [{ documentId: 'contract-annex' }], size: 40 })

    for (const index of [0, 1]) {
      const [before, after] = [ids(plain.results[index]!), ids(without.results[index]!)]
      expect(after).not.toContain('contract-annex')
      expect(after.indexOf('contract')).toBeGreaterThan(before.filter(id => id !== 'contract-annex').indexOf('contract'))
    }
  })
})
