import { beforeEach, describe, expect, it } from 'vitest'
import type { Generation } from '../store/generation.ts'
import type { DocumentWrite, StoreFilter, VectorStore } from '../store/store.ts'
import { stemsIn } from '../words/stems.ts'
import { aDocument, axis, grantedProject } from './store-documents.ts'

type Given = () => { readonly store: VectorStore, readonly generation: Generation }

const project = grantedProject('a')

/** Ids of the documents in each list of a store, best first. */
export const listsOf = (given: Given) => ({
  passagesByWords: async (terms: string, filter: StoreFilter = {}, phrases: string[] = []): Promise<string[]> => {
    const { store, generation } = given()
    return (await store.words(project, generation, { terms, phrases }, { limit: 100, filter })).map(({ documentId }) => documentId)
  },
  documentsByWords: async (terms: string, filter: StoreFilter = {}): Promise<string[]> => {
    const { store, generation } = given()
    return (await store.documentWords(project, generation, stemsIn(['ENGLISH', 'FRENCH', 'SPANISH', 'ICELANDIC', 'CHINESE'], terms), { limit: 100, filter })).map(({ documentId }) => documentId)
  },
  byMeaning: async (filter: StoreFilter = {}, limit = 100): Promise<string[]> => {
    const { store, generation } = given()
    return (await store.meaning(project, generation, [axis(0, 2)], { limit, filter })).flat().map(({ documentId }) => documentId)
  },
})

/** What every store promises of filters: each list is cut the same, before it is ranked. */
export function filtersConformance(given: Given): void {
  describe('filtering', () => {
    const { passagesByWords, documentsByWords, byMeaning } = listsOf(given)
    const put = (...documents: DocumentWrite[]): Promise<void> => given().store.replace(given().generation, documents)

    beforeEach(() => put(
      aDocument({ id: 'd1', dirname: '/vault/inbox', contentType: 'application/pdf', creationDate: '2010-01-01T00:00:00.000Z', row: { rootId: 'r1', language: 'FRENCH' } }),
      aDocument({ id: 'd2', dirname: '/vault/inbox/2010', creationDate: '2010-01-31T23:59:59.999Z', row: { rootId: 'r1' } }),
      aDocument({ id: 'd3', dirname: '/vault/inbox2', creationDate: '2010-02-01T00:00:00.000Z' }),
      aDocument({ id: 'd4', dirname: 'C:\\vault\\inbox\\sub', row: { language: 'FRENCH' } }),
      aDocument({ id: 'd5', dirname: '/vault/in_ox/%' }),
    ))

    it.each<[string, StoreFilter, string[]]>([
      ['nothing', {}, ['d1', 'd2', 'd3', 'd4', 'd5']],
      ['empty lists', { contentType: [], language: [], excludeDocumentIds: [], excludeRootIds: [] }, ['d1', 'd2', 'd3', 'd4', 'd5']],
      ['types', { contentType: ['application/pdf', 'text/html'] }, ['d1']],
      ['languages', { language: ['FRENCH'] }, ['d1', 'd4']],
      ['a folder, with what is below it', { path: '/vault/inbox' }, ['d1', 'd2']],
      ['a folder with a slash at its end', { path: '/vault/inbox/' }, ['d1', 'd2']],
      ['a folder of a Windows share', { path: 'C:\\vault\\inbox' }, ['d4']],
      ['a folder whose name has a wildcard', { path: '/vault/in_ox' }, ['d5']],
      ['a wildcard that is none', { path: '/vault/%' }, []],
      ['a first day', { creationDate: { from: '2010-01-02' } }, ['d2', 'd3']],
      ['a last day, included', { creationDate: { to: '2010-01-31' } }, ['d1', 'd2']],
      ['moments, included', { creationDate: { from: '2010-01-31T23:59:59.999Z', to: '2010-02-01T01:00:00+01:00' } }, ['d2', 'd3']],
      ['documents', { documentIds: ['d1', 'd3', 'nobody'] }, ['d1', 'd3']],
      ['no document at all', { documentIds: [] }, []],
      ['excluded documents', { excludeDocumentIds: ['d1', 'd2', 'nobody'] }, ['d3', 'd4', 'd5']],
      ['excluded families', { excludeRootIds: ['r1'] }, ['d3', 'd4', 'd5']],
      ['several at once', { language: ['FRENCH'], path: '/vault', excludeRootIds: ['r2'] }, ['d1']],
      ['a quote that wants to be SQL', { documentIds: ['d1\' OR \'1\'=\'1'] }, []],
      ['an exclusion that wants to be SQL', { excludeDocumentIds: ['x\') OR (\'1\'=\'1'] }, ['d1', 'd2', 'd3', 'd4', 'd5']],
      ['half a character', { documentIds: ['\ud800'] }, []],
    ])('by %s cuts every list the same', async (_, filter, ids) => {
      expect((await byMeaning(filter)).sort()).toEqual(ids)
      expect((await passagesByWords('text', filter)).sort()).toEqual(ids)
      expect((await documentsByWords('text', filter)).sort()).toEqual(ids)
      expect((await given().store.withPhrases(project, given().generation, ['the text'], { limit: 100, filter })).sort()).toEqual(ids)
    })

    it('cuts before ranking: a rare match fills the list although thousands rank higher', async () => {
      const near = Array.from({ length: 300 }, (_, index) => aDocument({ id: `near${index}`, texts: ['canary canary'] }))
      const rare = Array.from({ length: 5 }, (_, index) => aDocument({ id: `rare${index}`, texts: ['a canary among many other birds'], embeddings: [axis(1, 2)], row: { language: 'ICELANDIC' } }))
      await put(...near, ...rare)
      await given().store.maintain(given().generation)
      const ids = rare.map(({ row }) => row.documentId)
      expect(await byMeaning({ language: ['ICELANDIC'] }, 5)).toEqual(ids)
      expect(await passagesByWords('canary', { language: ['ICELANDIC'] })).toEqual(ids)
      expect(await documentsByWords('canary', { language: ['ICELANDIC'] })).toEqual(ids)
    })
  })
}
