import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvOf } from './csv.ts'

/** Reads a table as RFC 4180 says, without its byte order mark. */
function read(text: string): string[][] {
  const cells = text.slice(1).matchAll(/("(?:[^"]|"")*"|[^,\r\n"]*)(,|\r\n)/g)
  const rows: string[][] = [[]]
  for (const [, cell = '', end] of cells) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}

describe('a table', () => {
  it('quotes what needs it', () => {
    expect(csvOf([['a', 'b,c'], ['say "no"', 'two\nlines']])).toBe('\uFEFFa,"b,c"\r\n"say ""no""","two\nlines"\r\n')
  })

  it.each(['=HYPERLINK("x")', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('never lets %j be a formula', (value) => {
    expect(read(csvOf([[value]]))[0]?.[0]).toBe(`'${value}`)
  })

  it('comes back as it was, whatever is in it', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), { minLength: 1 }), (rows) => {
      // An apostrophe before a formula may have been there before, too.
      const bare = (table: string[][]) => table.map(row => row.map(cell => cell.replace(/^'(?=[=+\-@\t\r])/, '')))
      expect(bare(read(csvOf(rows)))).toEqual(bare(rows))
    }))
  })
})
