import type { DocumentRef } from './source.ts'

/** Characters of content asked of Elasticsearch at once; one document beyond it goes alone. */
const GROUP_CHARACTERS = 8_000_000
/** What a document counts at least: its length may be unknown, and a group must not grow without end. */
const LEAST_CHARACTERS = 80_000

/** Neighbours together, in order, so that little text is in memory at a time. */
export function groupBySize(refs: readonly DocumentRef[]): DocumentRef[][] {
  const groups: DocumentRef[][] = []
  let room = 0
  for (const ref of refs) {
    const characters = Math.max(ref.characters, LEAST_CHARACTERS)
    const group = groups.at(-1)
    if (group !== undefined && characters <= room) {
      group.push(ref)
      room -= characters
    } else {
      groups.push([ref])
      room = GROUP_CHARACTERS - characters
    }
  }
  return groups
}
