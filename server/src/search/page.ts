import type { Strength } from '@datashare-similarity/shared'
import type { HydratedDocument, Hydrator } from '../datashare/hydrate.ts'
import type { DocumentIdentity, VectorStore } from '../store/store.ts'
import { Originals } from './copies.ts'
import type { Lists, PassageHit } from './lists.ts'
import type { Scope } from './probe.ts'

/** A document of the fused list, before it is known whether the caller may see it. */
export interface Candidate {
  readonly documentId: string
  readonly strength: Strength
  readonly ranks: Readonly<Record<keyof Lists, number | null>>
  readonly meaning: readonly PassageHit[]
  readonly words: readonly PassageHit[]
}

export interface Shown extends Candidate {
  readonly document: HydratedDocument
  /** Null where copies are not folded, or the document has been replaced since it was found. */
  readonly identity: DocumentIdentity | null
}

/** Candidates that are asked of Datashare at once: a first page rarely needs more. */
const AT_ONCE = 50

/**
 * The documents of a page as the caller sees them: candidates that Datashare does not give him are dropped and the next ones move up.
 * Counted from the first candidate for every page, so that no page repeats another's documents.
 */
export async function pageOf(
  { store, hydrator }: { store: VectorStore, hydrator: Hydrator }, { project, generation, signal }: Scope, candidates: readonly Candidate[],
  { from, size, foldDuplicates }: { from: number, size: number, foldDuplicates: boolean },
): Promise<{ shown: Shown[], hasMore: boolean, originals: Originals }> {
  const shown: Shown[] = []
  const originals = new Originals()
  for (let at = 0; at < candidates.length && shown.length <= from + size; at += AT_ONCE) {
    signal.throwIfAborted()
    const part = candidates.slice(at, at + AT_ONCE)
    const ids = part.map(({ documentId }) => documentId)
    const [visible, identities] = await Promise.all([hydrator.documents(project, ids, signal), foldDuplicates ? store.identitiesOf(project, generation, ids) : []])
    const identityOf = new Map(identities.map(identity => [identity.documentId, identity]))
    for (const candidate of part) {
      const document = visible.get(candidate.documentId)
      const identity = identityOf.get(candidate.documentId) ?? null
      if (document === undefined || (identity !== null && originals.of(identity) !== null)) continue
      if (identity !== null) originals.add(identity)
      shown.push({ ...candidate, document, identity })
    }
  }
  return { shown: shown.slice(from, from + size), hasMore: shown.length > from + size, originals }
}
