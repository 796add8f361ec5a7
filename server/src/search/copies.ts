import { LIMITS, type DocumentCopy } from '@datashare-similarity/shared'
import type { Hydrator } from '../datashare/hydrate.ts'
import { similarityOf } from '../passages/fingerprint.ts'
import type { DocumentIdentity, StoreFilter, TextIdentity, VectorStore } from '../store/store.ts'
import type { Scope } from './probe.ts'

export interface FoundCopy {
  readonly documentId: string
  readonly similarity: number
}

/** Copies that are listed of one document. */
const LISTED = LIMITS.size
/** Likely copies of a result that are looked at, so that of a mail to everybody a page stays quick. */
const LOOKED_AT = 1_000
/** Of an example: what is not found here may come up among its results. */
const LOOKED_AT_OF_EXAMPLE = 10_000
/** Documents that are asked of Datashare at once. */
const AT_ONCE = 100
/** Only the same content is the same text. */
const HIGHEST_OF_OTHERS = 0.99

/** How much of two texts is the same, 1 where all is; null where neither is a copy of the other. */
function similarityOfTexts(a: TextIdentity, b: TextIdentity): number | null {
  if (a.contentHash === b.contentHash) return 1
  const similarity = a.fingerprint === null || b.fingerprint === null ? null : similarityOf(a.fingerprint, b.fingerprint)
  return similarity === null ? null : Math.min(HIGHEST_OF_OTHERS, Math.floor(similarity * 100) / 100)
}

/** The documents that are shown, in their order. A copy belongs to the first that it is a copy of, on whatever page that is, even where others resemble it more. */
export class Originals {
  readonly #places = new Map<string, { place: number, identity: DocumentIdentity }[]>()
  #count = 0

  add(identity: DocumentIdentity): void {
    const entry = { place: this.#count++, identity }
    for (const key of keysOf(identity)) this.#places.set(key, [...this.#places.get(key) ?? [], entry])
  }

  /** The first document that a text is a copy of: itself, where that is shown. */
  of(text: TextIdentity): FoundCopy | null {
    const likely = new Set(keysOf(text).flatMap(key => this.#places.get(key) ?? []))
    for (const { identity } of [...likely].sort((a, b) => a.place - b.place)) {
      const similarity = similarityOfTexts(identity, text)
      if (similarity !== null) return { documentId: identity.documentId, similarity }
    }
    return null
  }
}

const keysOf = ({ contentHash, fingerprint }: TextIdentity): string[] =>
  [contentHash, ...Array.from(fingerprint?.bands ?? [], (band, place) => `${place} ${band}`)]

/** For each text its copies in the project, whoever may see them, the most similar first. */
export async function copiesOf(store: VectorStore, { project, generation, signal }: Scope, texts: readonly TextIdentity[]): Promise<FoundCopy[][]> {
  const likely = await store.likelyCopiesOf(project, generation, texts, LOOKED_AT_OF_EXAMPLE)
  signal.throwIfAborted()
  return texts.map((text, index) => (likely[index] ?? []).flatMap(({ documentId, ...other }) => {
    const similarity = similarityOfTexts(text, other)
    return similarity === null ? [] : [{ documentId, similarity }]
  }).sort(mostSimilarFirst))
}

export const mostSimilarFirst = (a: FoundCopy, b: FoundCopy): number => b.similarity - a.similarity || (a.documentId < b.documentId ? -1 : 1)

interface Parts {
  readonly store: VectorStore
  readonly hydrator: Hydrator
}

/**
 * The copies of shown documents, wherever they rank, as far as the caller sees them; by document id.
 * Filters do not hide a copy, since where copies lie is what one wants to know; exclusions do.
 */
export async function duplicatesOf(parts: Parts, scope: Scope, shown: readonly { identity: DocumentIdentity | null }[], originals: Originals, filter: StoreFilter): Promise<Map<string, DocumentCopy[]>> {
  const { project, generation, signal } = scope
  const excluded = new Set(filter.excludeDocumentIds)
  const identities = shown.flatMap(({ identity }) => identity ?? [])
  const likely = await parts.store.likelyCopiesOf(project, generation, identities, LOOKED_AT)
  signal.throwIfAborted()
  const found = new Map(identities.map((identity, index): [string, FoundCopy[]] => {
    const copies = (likely[index] ?? []).filter(({ documentId }) => documentId !== identity.documentId && !excluded.has(documentId)).flatMap((copy) => {
      const original = originals.of(copy)
      return original?.documentId === identity.documentId ? [{ documentId: copy.documentId, similarity: original.similarity }] : []
    })
    return [identity.documentId, copies.sort(mostSimilarFirst).slice(0, LISTED)]
  }))
  const listed = await visibleCopies(parts.hydrator, scope, [...found.values()].flat(), filter)
  return new Map([...found].map(([documentId, copies]) => [documentId, copies.flatMap(copy => listed.get(copy.documentId) ?? [])]))
}

/** The copies of the examples that the caller sees, as many as are listed. */
export async function listedCopies(hydrator: Hydrator, scope: Scope, copies: readonly FoundCopy[], filter: StoreFilter): Promise<DocumentCopy[]> {
  return [...(await visibleCopies(hydrator, scope, copies.slice(0, LISTED), filter)).values()]
}

async function visibleCopies(hydrator: Hydrator, { project, signal }: Scope, copies: readonly FoundCopy[], { excludeDocumentIds = [], excludeRootIds = [] }: StoreFilter): Promise<Map<string, DocumentCopy>> {
  const listed = new Map<string, DocumentCopy>()
  for (let from = 0; from < copies.length; from += AT_ONCE) {
    const part = copies.slice(from, from + AT_ONCE)
    const visible = await hydrator.documents(project, part.map(({ documentId }) => documentId), signal)
    for (const { documentId, similarity } of part) {
      const document = visible.get(documentId)
      if (document === undefined || excludeDocumentIds.includes(documentId) || excludeRootIds.includes(document.rootId)) continue
      listed.set(documentId, { documentId, rootId: document.rootId, title: document.title, path: document.path, similarity })
    }
  }
  return listed
}
