import { expect } from 'vitest'
import { cutPassages } from '../passages/cut.ts'
import type { Passage } from '../passages/passage.ts'
import type { CutOptions } from '../passages/units.ts'

const splitsPair = (content: string, at: number): boolean => /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(content.slice(at - 1, at + 1))

/** All that is promised of passages, whatever the content, the sizes and the tokenizer. */
export function expectSound(content: string, options: CutOptions): Passage[] {
  const { countTokens, maxTokens, overlapTokens } = options
  const passages = [...cutPassages(content, options)]
  let covered = 0
  let before: Passage | undefined
  for (const [index, passage] of passages.entries()) {
    const { ordinal, start, end, text } = passage
    expect(ordinal).toBe(index)
    expect(text).toBe(content.slice(start, end))
    expect(text).toBe(text.trim())
    expect(countTokens(text)).toBeGreaterThan(0)
    expect(countTokens(text)).toBeLessThanOrEqual(maxTokens)
    expect(text.length).toBeLessThanOrEqual(maxTokens * 8)
    expect(splitsPair(content, start) || splitsPair(content, end)).toBe(false)
    if (before !== undefined) {
      expect(start).toBeGreaterThan(before.start)
      expect(end).toBeGreaterThan(before.end)
      expect(before.end - start).toBeLessThanOrEqual(overlapTokens * 1.5 * 8)
    }
    // What no passage holds is blank, or nothing that the model could read
    expect(countTokens(content.slice(covered, start))).toBe(0)
    covered = Math.max(covered, end)
    before = passage
  }
  expect(countTokens(content.slice(covered))).toBe(0)
  return passages
}
