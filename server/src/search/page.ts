import type { Strength } from '@datashare-similarity/shared'
import type { HydratedDocument, Hydrator } from '../datashare/hydrate.ts'
import type { Lists, PassageHit } from './lists.ts'
import type { Scope } from './probe.ts'

/** A document of the fused list, before it is known whether the caller may see it. */
export interface Candidate {
  readonly documentId: string
  readonly contentHash: string
  readonly strength: Strength
  readonly ranks: Readonly<Record<keyof Lists, number | null>>
  readonly meaning: readonly PassageHit[]
  readonly words: readonly PassageHit[]
}

export interface Shown extends Candidate {
  readonly document: HydratedDocument
}

/** Candidates that are asked of Datashare at once: a first page rarely needs more. */
const AT_ONCE = 50

/**
 * The documents of a page as the caller sees them: candidates that Datashare does not give him are dropped and the next ones move up.
 * Counted from the first candidate for every page, so that no page repeats another's documents.
 */
export async function pageOf(
  hydrator: Hydrator, { project, signal }: Scope, candidates: readonly Candidate[],
  { from, size, foldDuplicates }: { from: number, size: number, foldDuplicates: boolean },
): Promise<{ shown: Shown[], hasMore: boolean }> {
  const shown: Shown[] = []
  const contents = new Set<string>()
  for (let at = 0; at < candidates.length && shown.length <= from + size; at += AT_ONCE) {
    signal.throwIfAborted()
    const part = candidates.slice(at, at + AT_ONCE)
    const visible = await hydrator.documents(project, part.map(({ documentId }) => documentId), signal)
    for (const candidate of part) {
      const document = visible.get(candidate.documentId)
      if (document === undefined || (foldDuplicates && contents.has(candidate.contentHash))) continue
      contents.add(candidate.contentHash)
      shown.push({ ...candidate, document })
    }
  }
  return { shown: shown.slice(from, from + size), hasMore: shown.length > from + size }
}
