import type { BatchRange } from './names.ts'

/*
 * Temporal ends a workflow whose history has 51,200 events. A batch adds six at most to that of its child, a child some fifteen to that of its chain:
 * so neither comes near it, up to ten million batches. A chain of ten million documents has some hundred and fifty children at the usual size of a batch.
 */
const BATCHES_OF_CHILD = 1_000
const CHILDREN = 2_000

/** The batches of a chain in ranges, in order, each of which a child takes. */
export function rangesOf({ chain, attempt, batches }: Pick<BatchRange, 'chain' | 'attempt' | 'batches'>): BatchRange[] {
  const size = Math.max(BATCHES_OF_CHILD, Math.ceil(batches / CHILDREN))
  return Array.from({ length: Math.ceil(batches / size) }, (_, index) => ({ chain, attempt, from: index * size, to: Math.min(batches, (index + 1) * size), batches }))
}
