import { describe, expect, it } from 'vitest'
import { firstResult } from './first-result.mjs'

// Minutes, and downloads every package anew: part of the long form. It prints how long each step took, and judges none.
describe.runIf(process.env['SIMILARITY_LONG_TESTS'] === '1')('somebody new, with a clone and the README', () => {
  it('gets the result that the README promises by doing what it says', async () => {
    const { first } = await firstResult()

    expect(first.title).toBe('yacht-charter.pdf')
  }, 1_200_000)
})
