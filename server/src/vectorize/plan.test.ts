import { describe, expect, it } from 'vitest'
import type { DocumentRow } from '../store/store.ts'
import { aGeneration } from '../testing/store-documents.ts'
import { isDue, isStale, storedDocuments, toStoredDocument, type StoredDocument } from './plan.ts'
import { settleBatch } from './settle.ts'

const ref = { id: 'd1', rootId: 'd1', extractionDate: '2026-01-02', characters: 10 }
const row = (change: Partial<DocumentRow> = {}): DocumentRow => ({
  documentId: 'd1', rootId: 'd1', extractionDate: '2026-01-02', contentHash: 'hash', status: 'vectorized', reason: null, passages: 3, truncated: false,
  language: 'ENGLISH', vectorizedAt: '2026-01-03', ...change,
})
const stored = (change: Partial<DocumentRow> = {}): StoredDocument => toStoredDocument(row(change))

/** A store of these rows. */
const storeOf = (rows: readonly DocumentRow[]) => ({
  // eslint-disable-next-line @typescript-eslint/require-await -- the port reads from disk
  async* rows(_generation: unknown, documentIds?: readonly string[]) {
    yield rows.filter(({ documentId }) => documentIds?.includes(documentId) ?? true)
  },
})
const generation = aGeneration('a', 2)

describe('what an update does with a document', () => {
  it.each([
    { name: 'a new one is vectorized', before: undefined, due: true },
    { name: 'an unchanged one is left', before: stored(), due: false },
    { name: 'an unchanged empty one is left', before: stored({ status: 'empty' }), due: false },
    { name: 'a failed one is left until it is asked for', before: stored({ status: 'failed' }), due: false },
    { name: 'one with another date is looked at', before: stored({ extractionDate: '2026-01-01' }), due: true },
    { name: 'one without a date before is looked at', before: stored({ extractionDate: null }), due: true },
    { name: 'a failed one with another date is tried anew', before: stored({ extractionDate: null, status: 'failed' }), due: true },
  ])('$name', ({ before, due }) => {
    expect(isDue(ref, before, 'update')).toBe(due)
  })
})

it('the mode for failed documents takes those alone', () => {
  expect(isDue(ref, stored({ status: 'failed' }), 'failed')).toBe(true)
  expect(isDue(ref, stored({ extractionDate: null }), 'failed')).toBe(false)
  expect(isDue(ref, undefined, 'failed')).toBe(false)
})

it('knows of each of many stored documents what it needs, and which were never asked for', async () => {
  const statuses = ['vectorized', 'empty', 'failed'] as const
  const rows = Array.from({ length: 20_000 }, (_, number) => row({
    documentId: `d${number}`, extractionDate: number % 5 === 0 ? null : `2026-01-01T00:00:00.${number}Z`, status: statuses[number % 3]!, truncated: number % 2 === 0,
  }))
  const documents = await storedDocuments(storeOf(rows), generation)

  const wrong = rows.slice(100).filter((each) => {
    const found = documents.find(each.documentId)
    return found?.status !== each.status || found.truncated !== each.truncated
      || isStale({ ...ref, extractionDate: each.extractionDate }, found) || !isStale({ ...ref, extractionDate: '2027-01-01' }, found)
  })
  documents.find('d1000')

  expect(wrong).toEqual([])
  expect(documents.find('another')).toBeUndefined()
  expect(documents.unfound).toBe(100)
  expect(rows.filter(({ documentId }) => !documents.wasFound(documentId))).toEqual(rows.slice(0, 100))
})

describe('of a batch', () => {
  const documents = ['done', 'empty', 'failed', 'older', 'missing'].map(id => ({ ...ref, id }))
  const store = storeOf([
    row({ documentId: 'done' }), row({ documentId: 'empty', status: 'empty', passages: 0 }), row({ documentId: 'failed', status: 'failed', passages: 0 }),
    row({ documentId: 'older', extractionDate: null }), row({ documentId: 'of another batch' }),
  ])

  it('what the store holds is counted, and the rest remains, to be compared by content where there was any', async () => {
    const { outcome, remaining } = await settleBatch(store, generation, documents, 'update')

    expect(outcome).toEqual({ done: 1, empty: 1, gone: 0, passages: 3, weight: 30, failures: [{ documentId: 'failed', code: 'document_failed' }] })
    expect(remaining.map(({ id, storedHash }) => ({ id, storedHash }))).toEqual([{ id: 'older', storedHash: 'hash' }, { id: 'missing', storedHash: null }])
  })

  it('what has failed remains where failed ones are tried again', async () => {
    const { remaining } = await settleBatch(store, generation, documents, 'failed')
    expect(remaining.map(({ id, storedHash }) => ({ id, storedHash }))).toEqual([{ id: 'failed', storedHash: null }, { id: 'older', storedHash: 'hash' }, { id: 'missing', storedHash: null }])
  })
})
