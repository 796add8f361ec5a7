/** A line that names what stands below it: a title, or a summary. Offsets are UTF-16 units, end exclusive, of all that goes when the line is taken out. */
export interface Heading {
  readonly text: string
  readonly start: number
  readonly end: number
}

interface Line {
  readonly text: string
  readonly start: number
  /** With its line break. */
  readonly end: number
}

const linesOf = (text: string): Line[] => [...text.matchAll(/[^\n]*\n|[^\n]+$/g)].map(({ 0: line, index }) => ({ text: line.trimEnd(), start: index, end: index + line.length }))

/** Headings of a text by the name of its file. */
export const headingsOf = (path: string, text: string): Heading[] => (/\.(md|html)$/.test(path) ? markdownHeadings(text) : underlinedHeadings(text))

const ADORNMENT = /^([=\-`:'"~^_*+#<>.])\1{2,}$/

/** reStructuredText: a line that is underlined at least to its end, and overlined or not. */
function underlinedHeadings(text: string): Heading[] {
  const lines = linesOf(text)
  return lines.flatMap((line, at): Heading[] => {
    const [before, below] = [lines[at - 1], lines[at + 1]]
    const title = line.text.trim()
    if (title === '' || below === undefined || ADORNMENT.test(title) || !ADORNMENT.test(below.text) || below.text.length < title.length) return []
    const isOverlined = before?.text === below.text
    if (!isOverlined && (/^\s/.test(line.text) || (before !== undefined && before.text !== ''))) return []
    return [{ text: title, start: isOverlined ? before.start : line.start, end: below.end }]
  })
}

/** Markdown: lines with hashes, and the quoted line below the first of them that says what the page is about. */
function markdownHeadings(text: string): Heading[] {
  const headings: Heading[] = []
  let isCode = false
  for (const { text: line, start, end } of linesOf(text)) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    const title = isCode ? undefined : /^#{1,5}\s+(.+?)(?:\s*#+|\s*\{[^}]*\})?$/.exec(line)?.[1] ?? summaryOf(line, headings, text)
    if (title !== undefined) headings.push({ text: title.trim(), start, end })
  }
  return headings
}

function summaryOf(line: string, headings: readonly Heading[], text: string): string | undefined {
  const [first, second] = headings
  if (first === undefined || second !== undefined) return undefined
  const summary = /^> (.+)$/.exec(line)?.[1]
  return summary !== undefined && text.slice(first.end, text.indexOf(line, first.end)).trim() === '' ? summary : undefined
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'', nbsp: ' ' }
const decoded = (text: string): string => text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole: string, decimal?: string, hex?: string, name?: string) => {
  if (name !== undefined) return ENTITIES[name] ?? whole
  return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? '20', 16) : Number(decimal))
})

/** Between the navigation at both ends, where a page has it. */
function bodyOf(html: string): string {
  const start = Math.max(0, html.search(/<div class="(?:titlepage|body)"/))
  const rest = html.slice(start)
  const length = rest.search(/<ul class="docnav"|<div class="(?:navfooter|sphinxsidebar)"/)
  return length === -1 ? rest : rest.slice(0, length)
}

/** The text of a page of documentation, with its headings and its summary as Markdown writes them; without lists of contents, which hold the titles a second time. */
export function htmlToText(html: string): string {
  const inOneLine = (inner: string): string => inner.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ').trim()
  const prose = bodyOf(html)
    .replace(/<div class="toc">[\s\S]*?<\/div>|<a class="headerlink"[^>]*>.*?<\/a>|<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<pre[^>]*>([\s\S]*?)<\/pre>/g, (_, code: string) => `\n\n${code.replace(/<[^>]*>/g, '').replace(/^/gm, '    ')}\n\n`)
    .replace(/<h([1-6])[^>]*>([\s\S]*?)<\/h\1>/g, (_, level: string, title: string) => `\n\n${'#'.repeat(Math.min(5, Number(level)))} ${inOneLine(title)}\n\n`)
    .replace(/<blockquote>\s*<p>([\s\S]*?)<\/p>/g, (_, quoted: string) => `\n\n> ${inOneLine(quoted)}\n\n`)
    .replace(/<(?:\/?(?:p|div|ul|ol|dl|table|blockquote|section)|br)\b[^>]*>/g, '\n\n')
    .replace(/<(?:li|dt|dd|tr)\b[^>]*>/g, '\n')
    .replace(/<(?:td|th)\b[^>]*>/g, '\t')
    .replace(/<[^>]*>/g, '')
  return decoded(prose).replace(/[^\S\n]+$/gm, '').replace(/\n{3,}/g, '\n\n').trim() + '\n'
}
