import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import type { Generation } from '../store/generation.ts'
import type { DocumentRow, DocumentWrite, VectorStore } from '../store/store.ts'
import { copiesConformance } from './copies-conformance.ts'
import { filtersConformance, listsOf } from './filters-conformance.ts'
import { aDocument, axis, grantedProject, HALF_PRECISION, unitVectors } from './store-documents.ts'

export interface StoreUnderTest {
  readonly store: VectorStore
  /** A generation of project a that is made, and empty. */
  fresh(dimensions: number): Promise<Generation>
  /** Closes the store and opens it again on what it has kept. */
  reopen(): Promise<VectorStore>
  /** Bytes (or entries) that are kept of a generation. */
  remains(generation: Generation): Promise<number>
  /** Closes the store and takes away what the test has made. */
  dispose(): Promise<void>
}

const project = grantedProject('a')
const everything = { limit: 100, filter: {} }

/** What every vector store promises, whatever it is built on. */
export function storeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a vector store`, () => {
    let underTest: StoreUnderTest
    let store: VectorStore
    let generation: Generation

    beforeEach(async () => {
      underTest = await open()
      store = underTest.store
      generation = await underTest.fresh(2)
    })
    afterEach(() => underTest.dispose())

    const put = (...documents: DocumentWrite[]): Promise<void> => store.replace(generation, documents)
    const textsOf = async (id: string): Promise<string[]> => (await store.passagesOf(project, generation, id)).map(({ text }) => text)
    const { passagesByWords, documentsByWords, byMeaning } = listsOf(() => ({ store, generation }))
    const withPhrases = async (...phrases: string[]): Promise<string[]> => (await store.withPhrases(project, generation, phrases, everything)).sort()
    const allRows = async (of = generation): Promise<DocumentRow[]> => (await Array.fromAsync(store.rows(of))).flat()
    const codeOf = (work: Promise<unknown>): Promise<unknown> =>
      work.then(() => 'no error', (error: unknown) => (error instanceof SimilarityError ? error.code : error))

    describe('writing', () => {
      it('gives back what was written of a document', async () => {
        const document = aDocument({ id: 'd1', texts: ['first passage', 'second passage'], embeddings: [axis(0, 2), axis(1, 2)], row: { rootId: 'r1', truncated: true, language: 'FRENCH' } })
        await put(document)
        expect(await store.row(project, generation, 'd1')).toEqual(document.row)
        expect(await store.passagesOf(project, generation, 'd1')).toEqual(document.passages)
      })

      it('knows nothing of a document that was never written', async () => {
        expect(await store.row(project, generation, 'nobody')).toBeNull()
        expect(await store.passagesOf(project, generation, 'nobody')).toEqual([])
      })

      it('replaces a document: what it shrinks by is gone, its neighbours stay', async () => {
        await put(aDocument({ id: 'd1', texts: ['one', 'two', 'three'] }), aDocument({ id: 'd2' }))
        await put(aDocument({ id: 'd1', texts: ['uno'] }))
        expect(await textsOf('d1')).toEqual(['uno'])
        expect(await textsOf('d2')).toEqual(['the text of d2'])
        expect((await store.statistics(generation)).passages).toBe(2)
      })

      it('takes the passages away of a document that is empty now', async () => {
        await put(aDocument({ id: 'd1' }))
        await put(aDocument({ id: 'd1', texts: [], row: { status: 'empty' } }))
        expect(await textsOf('d1')).toEqual([])
        expect(await store.row(project, generation, 'd1')).toMatchObject({ status: 'empty', passages: 0 })
      })

      it('holds one copy of a batch that is delivered twice, one after the other or at once', async () => {
        const batch = Array.from({ length: 20 }, (_, index) => aDocument({ id: `d${index}`, texts: ['a passage', 'another'] }))
        await put(...batch)
        await Promise.all(Array.from({ length: 4 }, () => put(...batch)))
        expect((await store.statistics(generation)).passages).toBe(40)
        expect(await allRows()).toHaveLength(20)
      })

      it('holds one copy of new documents that many writers deliver at once', async () => {
        await Promise.all(Array.from({ length: 8 }, () => put(aDocument({ id: 'new' }))))
        expect(await textsOf('new')).toHaveLength(1)
        expect(await allRows()).toHaveLength(1)
      })

      it('keeps the last of two versions of a document in one batch', async () => {
        await put(aDocument({ id: 'd1', texts: ['old', 'older'] }), aDocument({ id: 'd1', texts: ['new'] }))
        expect(await textsOf('d1')).toEqual(['new'])
      })

      it('gives the rows of all documents, or of those that are named', async () => {
        await put(aDocument({ id: 'd1' }), aDocument({ id: 'd2', texts: [], row: { status: 'empty' } }), aDocument({ id: 'd3' }))
        const rowsOf = async (...ids: string[]) => (await Array.fromAsync(store.rows(generation, ids))).flat().map(({ documentId, status }) => `${documentId} ${status}`).sort()
        expect(await allRows()).toHaveLength(3)
        expect(await rowsOf('d1', 'd2', 'nobody')).toEqual(['d1 vectorized', 'd2 empty'])
        expect(await rowsOf()).toEqual([])
      })

      it('keeps every write of concurrent writers, also while it is maintained', async () => {
        const writes = Array.from({ length: 12 }, (_, index) => put(aDocument({ id: `d${index}` })))
        await Promise.all([...writes, store.maintain(generation), store.remove(generation, ['nobody']), store.maintain(generation)])
        expect((await allRows()).map(({ documentId }) => documentId).sort()).toEqual(Array.from({ length: 12 }, (_, index) => `d${index}`).sort())
      })

      it.each([
        ['too short', new Float32Array([1])],
        ['too long', new Float32Array([1, 0, 0])],
        ['not a number', new Float32Array([1, Number.NaN])],
        ['infinite', new Float32Array([1, Number.POSITIVE_INFINITY])],
        ['zero', new Float32Array([0, 0])],
      ])('refuses a vector that is %s, and writes nothing', async (_, embedding) => {
        expect(await codeOf(put(aDocument({ id: 'good' }), aDocument({ id: 'bad', embeddings: [embedding] })))).toBe('document_failed')
        expect(await allRows()).toEqual([])
      })

      it('notes a newer extraction date, of documents that it has only', async () => {
        await put(aDocument({ id: 'd1' }), aDocument({ id: 'd2' }))
        await store.touch(generation, [{ documentId: 'd1', extractionDate: '2026-05-05T00:00:00.000Z' }, { documentId: 'nobody', extractionDate: null }])
        expect(await store.row(project, generation, 'd1')).toEqual({ ...aDocument({ id: 'd1' }).row, extractionDate: '2026-05-05T00:00:00.000Z' })
        expect(await allRows()).toHaveLength(2)
        expect(await documentsByWords('text')).toEqual(['d1', 'd2'])
      })

      it('removes documents, their passages and their words', async () => {
        await put(aDocument({ id: 'd1', texts: ['canary'] }), aDocument({ id: 'd2' }))
        await store.maintain(generation)
        await store.remove(generation, ['d1', 'nobody'])
        expect(await store.row(project, generation, 'd1')).toBeNull()
        expect(await passagesByWords('canary')).toEqual([])
        expect(await documentsByWords('canary')).toEqual([])
        expect(await byMeaning()).toEqual(['d2'])
      })
    })

    describe('listing by meaning', () => {
      it('finds exactly the nearest passages of 2,000', async () => {
        const wide = await underTest.fresh(32)
        const [query = new Float32Array(32), ...vectors] = unitVectors(2_001, 32)
        const documents = vectors.map((vector, index) => aDocument({ id: `d${index}`, embeddings: [vector] }))
        for (let from = 0; from < documents.length; from += 500) await store.replace(wide, documents.slice(from, from + 500))
        await store.maintain(wide)
        const cosine = (vector: Float32Array): number => vector.reduce((sum, value, index) => sum + value * (query[index] ?? 0), 0)
        const cosines = new Map(vectors.map((vector, index) => [`d${index}`, cosine(vector)]))
        const expected = [...cosines.values()].sort((a, b) => b - a).slice(0, 100)
        const [found = []] = await store.meaning(project, wide, [query], { limit: 100, filter: {} })
        expect(new Set(found.map(({ documentId }) => documentId)).size).toBe(100)
        found.forEach(({ documentId, score }, index) => {
          // Of two that are equally near either may come first.
          expect(Math.abs((cosines.get(documentId) ?? 0) - (expected[index] ?? 0))).toBeLessThan(HALF_PRECISION)
          expect(Math.abs(score - (expected[index] ?? 0))).toBeLessThan(HALF_PRECISION)
        })
      })

      it('answers the passage, its place and its cosine', async () => {
        const document = aDocument({ id: 'd1', texts: ['one', 'two'], embeddings: [axis(1, 2), new Float32Array([3, 4])], row: { rootId: 'r1' } })
        await put(document)
        const [[best] = []] = await store.meaning(project, generation, [axis(0, 2)], { limit: 1, filter: {} })
        expect(best).toEqual({ documentId: 'd1', rootId: 'r1', language: 'ENGLISH', ordinal: 1, start: 4, end: 7, text: 'two', score: expect.closeTo(0.6, 5) as number })
      })

      it('answers a list for each of several vectors, as for each alone', async () => {
        const [one = axis(0, 2), other = axis(1, 2), ...vectors] = unitVectors(42, 2)
        await put(...vectors.map((vector, index) => aDocument({ id: `d${index}`, embeddings: [vector] })))
        const asked = async (...embeddings: Float32Array[]) => (await store.meaning(project, generation, embeddings, { limit: 5, filter: { excludeDocumentIds: ['d3'] } }))
          .map(list => list.map(({ documentId, score }) => ({ documentId, score: score.toFixed(4) })))

        expect(await asked(one, other, one)).toEqual([...await asked(one), ...await asked(other), ...await asked(one)])
        expect(await asked()).toEqual([])
      })

      it('orders equal scores by document and passage', async () => {
        const ids = ['d3', 'd1', 'd2']
        for (const id of ids) await put(aDocument({ id, texts: ['same', 'same'] }))
        const [found = []] = await store.meaning(project, generation, [axis(0, 2)], { limit: 5, filter: {} })
        expect(found.map(({ documentId, ordinal }) => `${documentId}#${ordinal}`)).toEqual(['d1#0', 'd1#1', 'd2#0', 'd2#1', 'd3#0'])
      })

      it('answers what there is where more is asked for', async () => {
        expect(await byMeaning()).toEqual([])
        await put(aDocument({ id: 'd1' }))
        expect(await byMeaning({}, 1_000)).toEqual(['d1'])
      })

      it.each([['too long', axis(0, 3)], ['not a number', new Float32Array([1, Number.NaN])]])('refuses a query whose vector is %s', async (_, embedding) => {
        expect(await codeOf(store.meaning(project, generation, [axis(0, 2), embedding], everything))).toBe('internal')
      })
    })

    describe('listing by words', () => {
      const texts = {
        code: 'The account CH93-0076-2011 at KY1-1104', french: 'Les sociétés de la présidence', swiss: 'Un compte à Zürich',
        japanese: '株式会社の株主名簿', chinese: '公司的股東名單', arabic: 'وثائق بنما', russian: 'перевод средств', fox: 'the quick brown fox',
      }

      describe.each([['new', false], ['indexed', true]])('%s documents', (_, isMaintained) => {
        beforeEach(async () => {
          await put(...Object.entries(texts).map(([id, text]) => aDocument({ id, texts: [text] })))
          if (isMaintained) await store.maintain(generation)
        })

        it.each([
          ['CH93-0076-2011', 'code'], ['KY1-1104', 'code'], ['societes', 'french'], ['PRÉSIDENCE', 'french'], ['zurich', 'swiss'], ['Zürich', 'swiss'],
          ['股東', 'chinese'], ['名簿', 'japanese'], ['بنما', 'arabic'], ['перевод', 'russian'], ['quick', 'fox'],
        ])('finds %s', async (terms, id) => {
          expect((await passagesByWords(terms))[0]).toBe(id)
          expect((await documentsByWords(terms))[0]).toBe(id)
        })

        it('takes no word for too common to be found', async () => {
          expect((await passagesByWords('the')).sort()).toEqual(['code', 'fox'])
        })

        it('finds the documents that hold every phrase, accents and case folded', async () => {
          expect(await withPhrases('Quick BROWN')).toEqual(['fox'])
          expect(await withPhrases('societes de', 'la presidence')).toEqual(['french'])
          expect(await withPhrases('zurich')).toEqual(['swiss'])
          expect(await withPhrases('CH93-0076-2011')).toEqual(['code'])
          expect(await withPhrases('brown quick')).toEqual([])
          expect(await withPhrases('quick brown', 'zurich')).toEqual([])
        })
      })

      it('finds what has up to 64 letters, as hashes and the addresses of accounts have, among other words too', async () => {
        const [address, digest, cyrillic] = ['0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe', 'a3f5'.repeat(16), 'рентгеноэлектрокардиографического']
        await put(aDocument({ id: 'paid', texts: [`wallet ${address} was paid`, digest, cyrillic] }), aDocument({ id: 'other', texts: ['wallet of leather'] }))
        for (const phrase of [address, `wallet ${address}`, digest, cyrillic]) expect(await withPhrases(phrase)).toEqual(['paid'])
        expect(await passagesByWords(digest)).toEqual(['paid'])
        expect(await withPhrases(`wallet ${address.replace('B', 'C')}`)).toEqual([])
      })

      it('finds documents that are newer than the last maintenance beside older ones', async () => {
        await put(aDocument({ id: 'old', texts: ['une société à Genève'] }))
        await store.maintain(generation)
        await put(aDocument({ id: 'new', texts: ['Deux sociétés à GENÈVE'] }))
        expect((await passagesByWords('geneve')).sort()).toEqual(['new', 'old'])
        expect(await withPhrases('a geneve')).toEqual(['new', 'old'])
      })

      it('ranks a passage where the words of a phrase stand together higher', async () => {
        await put(aDocument({ id: 'apart', texts: ['company with an offshore account'] }), aDocument({ id: 'together', texts: ['an offshore company with account'] }))
        expect(await passagesByWords('offshore company', {}, ['offshore company'])).toEqual(['together', 'apart'])
        expect(await passagesByWords('', {}, ['offshore company'])).toEqual(['together'])
      })

      it('answers nothing where nothing is asked', async () => {
        await put(aDocument({ id: 'd1' }))
        expect(await passagesByWords('')).toEqual([])
        expect(await documentsByWords('  ')).toEqual([])
        expect(await withPhrases()).toEqual([])
      })

      it.each([
        ['AND (', 'AND ('], ['*', '*'], ['a quote', '"'], ['quotes', '"a" OR \'b\''], ['a backslash', 'fo\\'], ['a field', 'language:*'], ['a dash', '-'],
        ['half a character', '\ud800'], ['NUL', '\0'], ['brackets', '~^[]{}'], ['20,000 letters', 'a'.repeat(20_000)],
      ])('takes %s for words, never for syntax', async (_, odd) => {
        await put(aDocument({ id: 'd1' }))
        await store.maintain(generation)
        expect(await passagesByWords(odd, {}, [odd])).toEqual([])
        expect(await documentsByWords(odd)).toEqual([])
        expect(await withPhrases(odd)).toEqual([])
      })

      it('answers nothing from a generation without documents', async () => {
        expect([await passagesByWords('text'), await documentsByWords('text'), await withPhrases('text')]).toEqual([[], [], []])
      })
    })

    filtersConformance(() => ({ store, generation }))
    copiesConformance(() => ({ store, generation }))

    describe('rows and figures', () => {
      it('lists every row once, in pages', async () => {
        await put(...Array.from({ length: 2_500 }, (_, index) => aDocument({ id: `d${index}`, texts: [], row: { status: 'empty' } })))
        const ids = (await allRows()).map(({ documentId }) => documentId)
        expect([ids.length, new Set(ids).size]).toEqual([2_500, 2_500])
      })

      it('pages through the rows of one status, with their total', async () => {
        await put(aDocument({ id: 'fine' }), ...Array.from({ length: 5 }, (_, index) => aDocument({ id: `f${index}`, texts: [], row: { status: 'failed', reason: 'document_failed' } })))
        const page = async (from: number, size: number): Promise<unknown> => {
          const { rows, total } = await store.rowsByStatus(project, generation, 'failed', { from, size })
          return [rows.map(({ documentId }) => documentId), total]
        }
        expect(await page(0, 2)).toEqual([['f0', 'f1'], 5])
        expect(await page(4, 2)).toEqual([['f4'], 5])
        expect(await page(9, 2)).toEqual([[], 5])
        expect(await page(0, 0)).toEqual([[], 5])
      })

      it('counts documents, passages, languages and bytes', async () => {
        expect(await store.statistics(generation)).toMatchObject({ documents: { vectorized: 0, empty: 0, failed: 0, truncated: 0 }, passages: 0, languages: {} })
        await put(
          aDocument({ id: 'd1', texts: ['one', 'two'], row: { language: 'FRENCH', truncated: true } }), aDocument({ id: 'd2' }),
          aDocument({ id: 'd3', texts: [], row: { status: 'empty', language: 'GERMAN' } }), aDocument({ id: 'd4', texts: [], row: { status: 'failed', reason: 'document_failed' } }),
        )
        const { bytes, ...figures } = await store.statistics(generation)
        expect(figures).toEqual({ documents: { vectorized: 2, empty: 1, failed: 1, truncated: 1 }, passages: 3, languages: { FRENCH: 1, ENGLISH: 1 } })
        expect(bytes).toBeGreaterThan(0)
      })

      it('samples passages, evenly spread over the documents', async () => {
        expect(await store.samplePassages(generation, 10)).toEqual([])
        const vectors = unitVectors(60, 2)
        await put(...vectors.map((vector, index) => aDocument({ id: `d${index}`, embeddings: [vector] })))
        const sample = await store.samplePassages(generation, 20)
        expect(new Set(sample.map(({ documentId }) => documentId)).size).toBe(20)
        expect(sample.every(({ text, embedding }) => text !== '' && embedding.length === 2)).toBe(true)
        expect(await store.samplePassages(generation, 1_000)).toHaveLength(60)
      })
    })

    describe('generations and projects', () => {
      it('keeps two generations apart', async () => {
        const other = await underTest.fresh(2)
        await put(aDocument({ id: 'd1' }))
        await store.replace(other, [aDocument({ id: 'd2' })])
        await store.remove(other, ['d1'])
        expect((await allRows()).map(({ documentId }) => documentId)).toEqual(['d1'])
        expect((await allRows(other)).map(({ documentId }) => documentId)).toEqual(['d2'])
        expect(await byMeaning()).toEqual(['d1'])
      })

      it('refuses every read for people with another project', async () => {
        const other = grantedProject('b')
        await put(aDocument({ id: 'd1' }))
        const words = { terms: 'text', phrases: [] }
        const reads = [
          store.meaning(other, generation, [axis(0, 2)], everything), store.words(other, generation, words, everything), store.documentWords(other, generation, ['en:text'], everything),
          store.withPhrases(other, generation, ['text'], everything), store.passagesOf(other, generation, 'd1'), store.row(other, generation, 'd1'),
          store.rowsByStatus(other, generation, 'vectorized', { from: 0, size: 1 }), store.identitiesOf(other, generation, ['d1']),
          store.likelyCopiesOf(other, generation, [{ contentHash: 'x', fingerprint: null }], 1),
        ]
        expect(await Promise.all(reads.map(codeOf))).toEqual(reads.map(() => 'project_forbidden'))
      })

      it('makes a generation again without losing what it holds', async () => {
        await put(aDocument({ id: 'd1' }))
        await store.create(generation)
        expect(await byMeaning()).toEqual(['d1'])
      })

      it('drops a generation to the last byte, and its neighbour stays', async () => {
        const other = await underTest.fresh(2)
        await put(aDocument({ id: 'd1' }))
        await store.replace(other, [aDocument({ id: 'd2' })])
        await store.maintain(generation)
        expect(await underTest.remains(generation)).toBeGreaterThan(0)
        await store.drop(generation)
        await store.drop(generation)
        expect(await underTest.remains(generation)).toBe(0)
        expect((await allRows(other)).map(({ documentId }) => documentId)).toEqual(['d2'])
        expect(await codeOf(byMeaning())).toBe('generation_changed')
      })

      it('holds everything after it was closed and opened again', async () => {
        await put(aDocument({ id: 'd1', texts: ['kept safe'] }))
        await store.maintain(generation)
        store = await underTest.reopen()
        expect(await passagesByWords('kept')).toEqual(['d1'])
        await put(aDocument({ id: 'd2' }))
        expect(await byMeaning()).toEqual(['d1', 'd2'])
      })

      it('stops maintenance when it is told to', async () => {
        await expect(store.maintain(generation, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
      })

      it('says that it works', async () => {
        await expect(Promise.all(Array.from({ length: 20 }, () => store.ping()))).resolves.toHaveLength(20)
      })
    })
  })
}
