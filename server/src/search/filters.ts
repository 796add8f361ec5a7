import { LIMITS, SimilarityError, type SimilarQuery } from '@datashare-similarity/shared'
import type { Hydrator } from '../datashare/hydrate.ts'
import type { StoreFilter, VectorStore } from '../store/store.ts'
import { hasUnfindableWord } from '../words/tokens.ts'
import type { Scope } from './probe.ts'

interface Parts {
  readonly store: VectorStore
  readonly hydrator: Hydrator
}

/** A request's filters as the store takes them. Tags change without reindexing, so Datashare is asked for them as the caller. */
export async function storeFilter(parts: Parts, scope: Scope, filters: SimilarQuery['filters']): Promise<StoreFilter> {
  const { tags, creationDate, excludeFamilyOf } = filters
  const [documentIds, rootId] = await Promise.all([
    tags === undefined || tags.length === 0 ? undefined : parts.hydrator.withTags(scope.project, tags, scope.signal),
    excludeFamilyOf === undefined ? undefined : rootOf(parts, scope, excludeFamilyOf),
  ])
  return {
    ...(filters.contentType !== undefined && { contentType: filters.contentType }),
    ...(filters.language !== undefined && { language: filters.language }),
    ...(filters.path !== undefined && { path: filters.path }),
    ...(creationDate !== undefined && {
      creationDate: { ...(creationDate.from !== undefined && { from: creationDate.from }), ...(creationDate.to !== undefined && { to: creationDate.to }) },
    }),
    ...(documentIds !== undefined && { documentIds }),
    ...(filters.excludeDocumentIds !== undefined && { excludeDocumentIds: filters.excludeDocumentIds }),
    ...(rootId !== undefined && { excludeRootIds: [rootId] }),
  }
}

/** A document that is not vectorized may still have a family. */
async function rootOf({ store, hydrator }: Parts, { project, generation, signal }: Scope, documentId: string): Promise<string> {
  const row = await store.row(project, generation, documentId)
  if (row !== null) return row.rootId
  return (await hydrator.documents(project, [documentId], signal)).get(documentId)?.rootId ?? documentId
}

/** Only documents that hold every quoted phrase. @throws SimilarityError filter_too_broad where that are too many to tell */
export async function requiring(store: VectorStore, { project, generation }: Scope, filter: StoreFilter, phrases: readonly string[]): Promise<StoreFilter> {
  if (phrases.length === 0) return filter
  // A store would look for the other words alone.
  if (phrases.some(hasUnfindableWord)) return { ...filter, documentIds: [] }
  const documentIds = await store.withPhrases(project, generation, phrases, { limit: LIMITS.tagDocuments, filter })
  // Beyond that some are left out, and what is asked for may be among them.
  if (documentIds.length >= LIMITS.tagDocuments) throw new SimilarityError('filter_too_broad', { detail: `The words in quotation marks stand in ${LIMITS.tagDocuments.toLocaleString('en')} documents or more.` })
  return { ...filter, documentIds }
}

/** Nothing can pass it. */
export const isEmpty = ({ documentIds }: StoreFilter): boolean => documentIds?.length === 0
