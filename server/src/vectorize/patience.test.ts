import { expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import { createPatience } from './patience.ts'

const QUICK = { firstDelayMs: 1, maximumDelayMs: 2 }

it('a step waits for its dependency and tells what for, until it is back', async () => {
  const told: (string | null)[] = []
  let attempts = 0
  const patiently = createPatience(QUICK, new AbortController().signal, dependency => told.push(dependency))

  const result = await patiently(() => (++attempts < 3 ? Promise.reject(new SimilarityError('disk_full')) : Promise.resolve('written')))

  expect(result).toBe('written')
  expect(told).toEqual(['disk', 'disk', null])
})

it('other faults are not waited out', async () => {
  const patiently = createPatience(QUICK, new AbortController().signal, () => undefined)

  await expect(patiently(() => Promise.reject(new SimilarityError('index_missing')))).rejects.toMatchObject({ code: 'index_missing' })
})

it('an abort ends the waiting', async () => {
  const stop = new AbortController()
  const patiently = createPatience({ firstDelayMs: 60_000, maximumDelayMs: 60_000 }, stop.signal, () => stop.abort())

  await expect(patiently(() => Promise.reject(new SimilarityError('disk_full')))).rejects.toThrow()
})
