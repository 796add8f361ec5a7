export interface TextPart {
  text: string
  found: boolean
}

const PAGE = 10_000

/** A text in the pages of Datashare's viewer. */
export const pagesOf = (content: string): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(content.length / PAGE)) }, (_, page) => content.slice(page * PAGE, (page + 1) * PAGE))

/** Where a term stands, whatever its case. */
export function occurrencesOf(content: string, term: string): number[] {
  if (term === '') return []
  const [text, wanted] = [content.toLowerCase(), term.toLowerCase()]
  const found: number[] = []
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) found.push(at)
  return found
}

export const pageAt = (offset: number): number => Math.floor(offset / PAGE)

/** A paragraph with the occurrences of a term apart. */
export function partsOf(paragraph: string, term: string): TextPart[] {
  const parts: TextPart[] = []
  let position = 0
  for (const at of occurrencesOf(paragraph, term)) {
    parts.push({ text: paragraph.slice(position, at), found: false }, { text: paragraph.slice(at, at + term.length), found: true })
    position = at + term.length
  }
  return [...parts, { text: paragraph.slice(position), found: false }].filter(({ text }) => text !== '')
}
