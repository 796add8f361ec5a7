import { expect, it } from 'vitest'
import { createPace } from './pace.ts'

it('the pace is unknown in the first seconds, then a rate and a range by characters', () => {
  let now = 0
  const pace = createPace(() => now)
  pace.add(10, 1_000)
  now = 2_000
  expect([pace.documentsPerMinute(), pace.etaSeconds(1_000)]).toEqual([null, null])

  now = 10_000
  pace.add(10, 9_000)

  expect(pace.documentsPerMinute()).toBe(120)
  expect(pace.etaSeconds(10_000)).toEqual([8, 14])
  expect(pace.measured()).toBe(1_000)
})

it('what lies minutes back no longer counts', () => {
  let now = 0
  const pace = createPace(() => now)
  pace.add(1_000, 1_000_000)
  now = 300_000
  pace.add(3, 300)

  expect(pace.documentsPerMinute()).toBe(1)
})
