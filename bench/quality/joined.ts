import type { BenchDocument, BenchQuery, KnownItems } from './known-items.ts'

/** Long documents of several subjects. */
const SOURCES = 30
const SUBJECTS = 8
/** What is neither in a source nor looked for. */
const OTHERS = 360
/** Characters of a document that is cut in two. */
const SMALLEST = 2_000

/**
 * Known items for a search with a long document: the first halves of some documents make one, the second halves are what it has to find.
 * Subjects keep their own lengths, so that some are most of a source and others a page of it.
 */
export function joinedDocuments(documents: readonly BenchDocument[]): KnownItems {
  const fitting = documents.filter(({ content }) => content.length >= SMALLEST)
  const sources = Array.from({ length: SOURCES }, (_, at) => fitting.slice(at * SUBJECTS, (at + 1) * SUBJECTS)).map((parts, at) => sourceOf(parts, at))
  const used = new Set(sources.flatMap(({ query }) => query.relevant))
  return {
    documents: [...sources.flatMap(each => each.documents), ...documents.filter(({ id }) => !used.has(id)).slice(0, OTHERS)],
    queries: sources.map(({ query }) => query),
  }
}

function sourceOf(parts: readonly BenchDocument[], at: number): { documents: BenchDocument[], query: BenchQuery } {
  const halves = parts.map(({ content }) => halvesOf(content))
  const id = `joined/${at + 1}`
  const source = { id, language: 'ENGLISH', content: halves.map(([first]) => first).join('\n\n') }
  const targets = parts.map((part, index) => ({ ...part, content: halves[index]?.[1] ?? '' }))
  return {
    documents: [source, ...targets],
    query: { id, language: 'ENGLISH', text: '', like: id, relevant: targets.map(target => target.id), answerAt: null, part: at % 2 === 0 ? 'tune' : 'report' },
  }
}

/** Cut where a paragraph ends. */
function halvesOf(content: string): [string, string] {
  const middle = content.indexOf('\n\n', content.length / 2)
  const at = middle === -1 ? Math.floor(content.length / 2) : middle
  return [content.slice(0, at), content.slice(at)]
}
