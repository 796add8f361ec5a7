import { expect, it } from 'vitest'
import { joinedDocuments } from './joined.ts'

const paragraphs = (id: string): string => Array.from({ length: 40 }, (_, at) => `Paragraph ${at} of the document ${id}, which tells of nothing else.`).join('\n\n')
const DOCUMENTS = Array.from({ length: 300 }, (_, at) => ({ id: `d${at}`, language: 'ENGLISH', content: at % 20 === 0 ? 'short' : paragraphs(`d${at}`) }))

it('a long document is the first halves of eight documents, whose second halves are to be found', () => {
  const { documents, queries } = joinedDocuments(DOCUMENTS)
  const contents = new Map(documents.map(({ id, content }) => [id, content]))

  expect(queries).toHaveLength(30)
  for (const { like, relevant } of queries) {
    expect(relevant).toHaveLength(8)
    for (const id of relevant) {
      expect(contents.get(like!)).toContain(`Paragraph 0 of the document ${id},`)
      expect(contents.get(like!)).not.toContain(`Paragraph 39 of the document ${id},`)
      expect(contents.get(id)).toContain(`Paragraph 39 of the document ${id},`)
      expect(contents.get(id)).not.toContain(`Paragraph 0 of the document ${id},`)
    }
  }
  expect(new Set(queries.flatMap(({ relevant }) => relevant)).size).toBe(240)
  expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length)
})
