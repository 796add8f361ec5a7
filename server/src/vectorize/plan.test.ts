import { describe, expect, it } from 'vitest'
import { planDocument, type StoredDocument } from './plan.ts'
import { settleBatch } from './settle.ts'

const ref = { id: 'd1', rootId: 'd1', extractionDate: '2026-01-02', characters: 10 }
const row = (change: Partial<StoredDocument> = {}): StoredDocument =>
  ({ extractionDate: '2026-01-02', contentHash: 'hash', status: 'vectorized', passages: 3, truncated: false, ...change })

describe('what an update does with a document', () => {
  it.each([
    { name: 'a new one is vectorized', stored: undefined, planned: { ...ref, storedHash: null } },
    { name: 'an unchanged one is left', stored: row(), planned: null },
    { name: 'an unchanged empty one is left', stored: row({ status: 'empty' }), planned: null },
    { name: 'a failed one is left until it is asked for', stored: row({ status: 'failed' }), planned: null },
    { name: 'one with another date is compared by content', stored: row({ extractionDate: '2026-01-01' }), planned: { ...ref, storedHash: 'hash' } },
    { name: 'one without a date before is compared by content', stored: row({ extractionDate: null }), planned: { ...ref, storedHash: 'hash' } },
    { name: 'a failed one with another date is tried anew', stored: row({ extractionDate: null, status: 'failed' }), planned: { ...ref, storedHash: null } },
  ])('$name', ({ stored, planned }) => {
    expect(planDocument(ref, stored, 'update')).toEqual(planned)
  })
})

it('the mode for failed documents takes those alone', () => {
  expect(planDocument(ref, row({ status: 'failed' }), 'failed')).toEqual({ ...ref, storedHash: null })
  expect(planDocument(ref, row({ extractionDate: null }), 'failed')).toBeNull()
  expect(planDocument(ref, undefined, 'failed')).toBeNull()
})

it('of a batch cut short, what the store holds is counted and the rest remains', () => {
  const documents = ['done', 'empty', 'failed', 'older', 'missing'].map(id => ({ ...ref, id, storedHash: null }))
  const stored = new Map([['done', row()], ['empty', row({ status: 'empty', passages: 0 })], ['failed', row({ status: 'failed', passages: 0 })], ['older', row({ extractionDate: null })]])

  const { outcome, remaining } = settleBatch(documents, stored, 'update')

  expect(outcome).toEqual({ done: 1, empty: 1, gone: 0, passages: 3, weight: 30, failures: [{ documentId: 'failed', code: 'document_failed' }] })
  expect(remaining.map(({ id }) => id)).toEqual(['older', 'missing'])
  expect(settleBatch(documents, stored, 'failed').remaining.map(({ id }) => id)).toEqual(['failed', 'older', 'missing'])
})
