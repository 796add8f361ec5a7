import { expect, it } from 'vitest'
import { cutContent, DocumentFieldsSchema, sourceDocumentOf } from './document-fields.ts'
import { groupBySize } from './fetch-groups.ts'

it('cuts long content without half of a surrogate pair', () => {
  expect(cutContent('abc', 3)).toEqual({ content: 'abc', truncated: false })
  expect(cutContent('abcd', 3)).toEqual({ content: 'abc', truncated: true })
  expect(cutContent('ab😀d', 3)).toEqual({ content: 'ab', truncated: true })
  expect(cutContent('a😀d', 3)).toEqual({ content: 'a😀', truncated: true })
})

it('takes a document whose fields are missing, null or odd', () => {
  const empty = sourceDocumentOf('x', DocumentFieldsSchema.parse({}))
  const odd = sourceDocumentOf('x', DocumentFieldsSchema.parse({ title: ['a'], path: 7, content: null, contentTextLength: '3' }))
  expect(odd).toEqual(empty)
  expect(empty).toMatchObject({ id: 'x', rootId: 'x', parentId: null, content: '', truncated: false, language: 'UNKNOWN', creationDate: null, characters: 0 })
})

it('puts documents into groups of some 8 million characters, a huge one alone', () => {
  const refs = [1_000_000, 5_000_000, 3_000_000, 20_000_000, 0, 10].map((characters, i) => ({ id: String(i), rootId: String(i), extractionDate: null, characters }))
  expect(groupBySize(refs).map(group => group.map(({ id }) => id))).toEqual([['0', '1'], ['2'], ['3'], ['4', '5']])
  const unknown = Array.from({ length: 250 }, (_, i) => ({ id: String(i), rootId: String(i), extractionDate: null, characters: 0 }))
  expect(groupBySize(unknown).map(group => group.length)).toEqual([100, 100, 50])
})
