import { beforeEach, describe, expect, it } from 'vitest'
import { BANDS, type Fingerprint } from '../passages/fingerprint.ts'
import type { Generation } from '../store/generation.ts'
import type { DocumentWrite, VectorStore } from '../store/store.ts'
import { aDocument, aFingerprint, grantedProject } from './store-documents.ts'

const project = grantedProject('a')

/** The part of what every vector store promises that copies are found by. */
export function copiesConformance(opened: () => { readonly store: VectorStore, readonly generation: Generation }): void {
  describe('copies', () => {
    let store: VectorStore
    let generation: Generation

    beforeEach(() => {
      ({ store, generation } = opened())
    })

    const put = (...documents: DocumentWrite[]): Promise<void> => store.replace(generation, documents)

    it('gives back the fingerprints of documents, whatever became of them since', async () => {
      const [one, other] = [aFingerprint({ bands: [1, -2] }), aFingerprint({ pairs: [], names: [0xffffffff] })]
      await put(aDocument({ id: 'd1', fingerprint: one }), aDocument({ id: 'd2' }), aDocument({ id: 'd3', texts: [], row: { status: 'empty' } }), aDocument({ id: 'd4' }))
      await put(aDocument({ id: 'd4', fingerprint: other }))
      await store.touch(generation, [{ documentId: 'd1', extractionDate: null }])
      await store.maintain(generation)
      const identities = await store.identitiesOf(project, generation, ['d1', 'd2', 'd3', 'd4', 'nobody'])
      const hashOf = (id: string): string => aDocument({ id }).row.contentHash
      expect(identities.toSorted((a, b) => (a.documentId < b.documentId ? -1 : 1))).toEqual([
        { documentId: 'd1', contentHash: hashOf('d1'), fingerprint: one }, { documentId: 'd2', contentHash: hashOf('d2'), fingerprint: null }, { documentId: 'd4', contentHash: hashOf('d4'), fingerprint: other },
      ])
      expect(await store.identitiesOf(project, generation, [])).toEqual([])
    })

    it('finds what may be copies of a text: the same content, or a band at the same place', async () => {
      const band = (place: number, value: number): Fingerprint => aFingerprint({ bands: Array.from({ length: BANDS }, (_, index) => (index === place ? value : 1_000_000 + index)) })
      const unlike = (seed: number): Fingerprint => aFingerprint({ bands: Array.from({ length: BANDS }, (_, index) => seed * 100 + index) })
      const withBand = (place: number, value: number, seed: number): Fingerprint => ({ ...unlike(seed), bands: unlike(seed).bands.with(place, value) })
      await put(
        aDocument({ id: 'same', row: { contentHash: 'same' } }), aDocument({ id: 'first', fingerprint: withBand(0, 7, 1) }), aDocument({ id: 'last', fingerprint: withBand(BANDS - 1, 1_000_000 + BANDS - 1, 2) }),
        aDocument({ id: 'elsewhere', fingerprint: withBand(1, 7, 3) }), aDocument({ id: 'short' }), aDocument({ id: 'empty', texts: [], row: { status: 'empty', contentHash: 'same' } }),
      )
      const found = async (contentHash: string, fingerprint: Fingerprint | null, limit = 10): Promise<string[]> =>
        (await store.likelyCopiesOf(project, generation, [{ contentHash, fingerprint }], limit)).flat().map(({ documentId }) => documentId).sort()
      for (const maintained of [false, true]) {
        if (maintained) await store.maintain(generation)
        expect(await found('same', band(0, 7))).toEqual(['first', 'last', 'same'])
        expect(await found('same', null)).toEqual(['same'])
        expect(await found('unheard of', unlike(9))).toEqual([])
        expect(await found('same', band(0, 7), 2)).toHaveLength(2)
      }
      await store.remove(generation, ['first'])
      expect(await found('unheard of', band(0, 7))).toEqual(['last'])
    })

    it('finds what may be copies of several texts as of each alone, however many one of them has', async () => {
      const bands = (value: number): Fingerprint => aFingerprint({ bands: Array.from({ length: BANDS }, (_, place) => value * 100 + place) })
      await put(
        ...Array.from({ length: 5 }, (_, index) => aDocument({ id: `mail${index}`, row: { contentHash: 'mail' } })),
        aDocument({ id: 'near', fingerprint: { ...bands(1), bands: bands(2).bands.with(3, 103) } }), aDocument({ id: 'other', fingerprint: bands(3) }),
      )
      const texts = [{ contentHash: 'mail', fingerprint: null }, { contentHash: 'x', fingerprint: bands(1) }, { contentHash: 'mail', fingerprint: bands(3) }, { contentHash: 'unheard of', fingerprint: bands(9) }]
      const found = async (limit: number): Promise<string[][]> => (await store.likelyCopiesOf(project, generation, texts, limit)).map(each => each.map(({ documentId }) => documentId).sort())
      const mails = ['mail0', 'mail1', 'mail2', 'mail3', 'mail4']

      expect(await found(10)).toEqual([mails, ['near'], [...mails, 'other'], []])
      expect((await found(6)).map(each => each.length)).toEqual([5, 1, 6, 0])
      expect((await found(2)).map(each => each.length)).toEqual([2, 1, 2, 0])
      expect(await store.likelyCopiesOf(project, generation, [], 2)).toEqual([])
    })
  })
}
