import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchFilter } from './filter.ts'
import { foldersOf } from './layout.ts'

const path = fc.array(fc.constantFrom('/', '\\', 'a', 'b', 'C:', '%', '*', '.', ' ', 'é', '𝕏'), { maxLength: 8 }).map(parts => parts.join(''))

/** As the filter on a folder is meant: the folder itself, and what is below it. */
function isBelow(dirname: string, asked: string): boolean {
  const separators = asked.startsWith('/') ? ['/'] : ['/', '\\']
  let folder = asked
  while (separators.some(separator => folder.endsWith(separator))) folder = folder.slice(0, -1)
  return dirname === folder || separators.some(separator => dirname.startsWith(folder + separator))
}

describe('a filter on a folder', () => {
  it('finds what is in it or below it, and nothing else', () => {
    fc.assert(fc.property(path, path, (dirname, asked) => {
      // A path that begins with a slash is cut at slashes only: a backslash is a letter of it.
      fc.pre(asked !== '' && dirname.startsWith('/') === asked.startsWith('/'))
      expect(searchFilter({ path: asked }).some(clause => foldersOf(dirname).includes(String(clause.term?.['folders'])))).toBe(isBelow(dirname, asked))
    }), { numRuns: 2_000 })
  })
})

it('hands every id over as it is, one value each, and drops what no document can be called', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { minLength: 1, maxLength: 5 }), (ids) => {
    expect(searchFilter({ documentIds: ids })).toEqual([{ terms: { documentId: ids.filter(id => id.isWellFormed()) } }])
  }), { numRuns: 200 })
})
