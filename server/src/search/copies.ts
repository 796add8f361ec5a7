import { LIMITS, type SimilarDocument } from '@datashare-similarity/shared'
import type { Hydrator } from '../datashare/hydrate.ts'
import type { StoreFilter, VectorStore } from '../store/store.ts'
import type { Scope } from './probe.ts'

/** Copies that are listed of one document. */
const LISTED = LIMITS.size
/** Documents that are asked of Datashare at once. */
const AT_ONCE = 100

type Duplicates = SimilarDocument['duplicates']

/**
 * The identical copies of shown documents, wherever they rank, as far as the caller sees them; by document id.
 * Filters do not hide a copy, since where copies lie is what one wants to know; exclusions do.
 */
export async function duplicatesOf(
  { store, hydrator }: { store: VectorStore, hydrator: Hydrator }, { project, generation, signal }: Scope,
  shown: readonly { documentId: string, contentHash: string }[], { excludeDocumentIds = [], excludeRootIds = [] }: StoreFilter,
): Promise<Map<string, Duplicates>> {
  const result = new Map<string, Duplicates>(shown.map(({ documentId }) => [documentId, []]))
  if (shown.length === 0) return result
  const own = new Map(shown.map(({ documentId, contentHash }) => [contentHash, documentId]))
  const excluded = new Set([...excludeDocumentIds, ...own.values()])
  const copies = (await store.copiesOf(project, generation, [...own.keys()]))
    .filter(({ documentId }) => !excluded.has(documentId))
    .toSorted((a, b) => (a.documentId < b.documentId ? -1 : 1))
  const listed = [...Map.groupBy(copies, ({ contentHash }) => contentHash).values()].flatMap(group => group.slice(0, LISTED))

  for (let from = 0; from < listed.length; from += AT_ONCE) {
    const part = listed.slice(from, from + AT_ONCE)
    const visible = await hydrator.documents(project, part.map(({ documentId }) => documentId), signal)
    for (const { documentId, contentHash } of part) {
      const document = visible.get(documentId)
      if (document === undefined || excludeRootIds.includes(document.rootId)) continue
      result.get(own.get(contentHash) ?? '')?.push({ documentId, rootId: document.rootId, title: document.title, path: document.path, similarity: 1 })
    }
  }
  return result
}
