import { SimilarityError } from '@datashare-similarity/shared'
import { describe, expect, it } from 'vitest'
import { retryConflicts, toSimilarityError } from './faults.ts'

describe('a fault of LanceDB', () => {
  it.each([
    ['IO error: No space left on device (os error 28)', 'disk_full'],
    ['LanceError(IO): Permission denied (os error 13)', 'store_unreadable'],
    ['Read-only file system (os error 30)', 'store_unreadable'],
    ['Table \'passages-1\' was not found', 'store_unreadable'],
    ['Something else', 'internal'],
  ])('%s is %s', (message, code) => {
    expect(toSimilarityError(new Error(message)).code).toBe(code)
  })

  it('tells the place in LanceDB, never the words of a query or filter', () => {
    const error = toSimilarityError(new Error('Invalid input: documentId = \'canary\', /root/lance-datafusion-12.0.0/src/planner.rs:934:22'))
    expect(error.detail).toBe('the vector store failed at lance-datafusion-12.0.0/src/planner.rs:934:22')
    expect(JSON.stringify(error) + String(error) + String(error.cause)).not.toContain('canary')
  })

  it('stays what it is when it is one of ours', () => {
    const ours = new SimilarityError('disk_full')
    expect(toSimilarityError(ours)).toBe(ours)
  })
})

describe('a write that meets another commit', () => {
  const conflict = new Error('Retryable commit conflict for version 7')
  const failing = (times: number, error: Error) => {
    let left = times
    return () => (left-- > 0 ? Promise.reject(error) : Promise.resolve('written'))
  }

  it('is tried again', async () => {
    expect(await retryConflicts(failing(2, conflict))).toBe('written')
  })

  it('is not tried again for another fault', async () => {
    await expect(retryConflicts(failing(1, new Error('no')))).rejects.toThrow('no')
  })
})
