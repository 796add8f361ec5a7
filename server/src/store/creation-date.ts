import { SimilarityError } from '@datashare-similarity/shared'
import type { StoreFilter } from './store.ts'

const DAY = /^\d{4}-\d{2}-\d{2}$/
const WITHOUT_ZONE = /T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/
const DAY_MILLISECONDS = 86_400_000

/** Milliseconds since 1970 of an ISO date or date-time, UTC where it names no zone; null where it is none. */
export function toMilliseconds(date: string): number | null {
  const milliseconds = Date.parse(WITHOUT_ZONE.test(date) ? `${date}Z` : date)
  return Number.isNaN(milliseconds) ? null : milliseconds
}

/** The milliseconds that a filter lets through: from the first, included, to the last, excluded. A day at its end is meant as a whole. */
export function millisecondsWithin({ from, to }: NonNullable<StoreFilter['creationDate']>): { readonly from?: number, readonly before?: number } {
  return {
    ...from !== undefined && { from: bound(from) },
    ...to !== undefined && { before: bound(to) + (DAY.test(to) ? DAY_MILLISECONDS : 1) },
  }
}

function bound(date: string): number {
  const milliseconds = toMilliseconds(date)
  if (milliseconds === null) throw new SimilarityError('invalid_request', { detail: 'creationDate is not an ISO date' })
  return milliseconds
}
