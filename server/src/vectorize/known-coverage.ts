import type { Coverage } from '@datashare-similarity/shared'
import type { StoreStatistics } from '../store/store.ts'

/** What the store alone knows, for as long as Elasticsearch cannot be asked: nothing missing is claimed, nothing stale either. */
export function knownCoverage({ documents: { vectorized, empty, failed, truncated } }: StoreStatistics): Coverage {
  return { documents: vectorized + empty + failed, vectorized, empty, failed, missing: 0, stale: 0, truncated }
}
