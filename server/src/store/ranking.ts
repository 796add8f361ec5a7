import type { DocumentCandidate } from './store.ts'

/* How every store orders a list: the same query gives the same list, whatever order its index scans in. */

/** Asked for beyond the limit, so that among equal scores at the end of a list the ids decide, not the order of the scan. */
export const TIES = 50

export function best<C extends DocumentCandidate & { readonly ordinal?: number }>(candidates: C[], limit: number): C[] {
  return candidates.sort((a, b) => b.score - a.score || compare(a.documentId, b.documentId) || (a.ordinal ?? 0) - (b.ordinal ?? 0)).slice(0, limit)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
