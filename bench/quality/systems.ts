import type { SimilarDocument } from '../../shared/src/types.ts'
import { SimilarRequestSchema } from '../../shared/src/contract/similar.ts'
import type { Embedder, Embedders } from '../../server/src/embedding/embedder.ts'
import { createFindMostSimilar } from '../../server/src/search/find-most-similar.ts'
import { knownLanguages } from '../../server/src/search/languages.ts'
import { createMemoryHydrator } from '../../server/src/testing/memory-hydrator.ts'
import type { Collection } from './collections.ts'
import { vectorize, type StoreName, type Vectorized } from './indexing.ts'
import type { BenchDocument, BenchQuery } from './known-items.ts'
import { singleLists } from './single-lists.ts'

/** `passages`, `documents` and `meaning` are single lists; `words` is the companion's mode of that name, both lists of words fused. */
export const SYSTEMS = ['reference', 'passages', 'documents', 'words', 'meaning', 'hybrid', 'variant'] as const
export type System = typeof SYSTEMS[number]

/** A way to search: what `--variant` names exports one under the name of the project's own. */
export type CreateFind = typeof createFindMostSimilar

/** What a system finds for a query: ids of documents, best first. */
interface Found {
  readonly ids: readonly string[]
  /** Ranks of the documents in the lists that were fused. */
  readonly lists: Readonly<Record<string, SimilarDocument['ranks']>>
}

export type Answers = Readonly<Partial<Record<System, Found>>>

export interface Indexed extends AsyncDisposable {
  readonly passages: number
  answer(query: BenchQuery): Promise<Answers>
}

/** Beyond the ten that count, so that a failure can be looked into. */
const SIZE = 20
const signal = new AbortController().signal

/** Vectorizes a collection and makes the systems that are compared. All of them use the same model. */
export async function index(collection: Collection, embedders: Embedders, variant: CreateFind | null, folder: string, store: StoreName): Promise<Indexed> {
  await using opened = new AsyncDisposableStack()
  const vectorized = opened.use(await vectorize(collection, embedders, folder, store))
  const embedder = await embedders.get(embedders.defaultModel.id)
  const reference = await wholeDocuments(embedder, collection.documents)
  const lists = await singleLists(vectorized, embedder)
  const ours = searcher(vectorized, embedders, collection, createFindMostSimilar)
  const other = variant === null ? null : searcher(vectorized, embedders, collection, variant)
  const parts = opened.move()
  return {
    passages: vectorized.passages,
    async answer(query) {
      const [byReference, alone, words, hybrid, byVariant] = await Promise.all([
        reference(query), query.like === null ? lists(query.text) : ours(query, 'meaning').then(({ ids }) => ({ meaning: ids })),
        ours(query, 'words'), ours(query, 'hybrid'), other?.(query, 'hybrid'),
      ])
      return { reference: byReference, ...Object.fromEntries(Object.entries(alone).map(([list, ids]) => [list, { ids, lists: {} }])), words, hybrid, ...(byVariant === undefined ? {} : { variant: byVariant }) }
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

type Query = Pick<BenchQuery, 'text' | 'like'>
type Search = (query: Query, mode: 'words' | 'meaning' | 'hybrid') => Promise<Found>

/** Search as the companion answers it, for somebody who may see every document. */
function searcher({ project, store, generations }: Vectorized, embedders: Embedders, { documents }: Collection, create: CreateFind): Search {
  const shown = documents.map(({ id, language, content }) =>
    [id, { id, rootId: id, title: id, path: id, contentType: 'text/plain', language, creationDate: null, content }] as const)
  const coverage = { documents: documents.length, vectorized: documents.length, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0 }
  const find = create({ store, generations, embedders, languagesOf: knownLanguages({ store, embedders }), hydrator: createMemoryHydrator(new Map(shown)), coverage: () => Promise.resolve(coverage) })
  return async ({ text, like }, mode) => {
    const asked = like === null ? { queries: [text] } : { like: [{ documentId: like }] }
    const { results } = await find(project, SimilarRequestSchema.parse({ ...asked, mode, size: SIZE, foldDuplicates: false }), signal)
    const found = results[0]?.documents ?? []
    return { ids: found.map(({ documentId }) => documentId), lists: Object.fromEntries(found.map(({ documentId, ranks }) => [documentId, ranks])) }
  }
}

/** More than any text of the model's limit has. */
const HEAD = 20_000

/** The reference's way: a document is one text, cut at the model's limit, and one vector; exact cosine. */
async function wholeDocuments(embedder: Embedder, documents: readonly BenchDocument[]): Promise<(query: Query) => Promise<Found>> {
  const vectors: { id: string, vector: Float32Array }[] = []
  for (const { id, content } of documents) {
    const [vector] = content.trim() === '' ? [] : await embedder.examples([content.slice(0, HEAD)])
    if (vector !== undefined) vectors.push({ id, vector })
  }
  return async ({ text, like }) => {
    const [query = new Float32Array()] = like === null ? await embedder.queries([text]) : vectors.filter(({ id }) => id === like).map(({ vector }) => vector)
    const others = vectors.filter(({ id }) => id !== like)
    const scored = others.map(({ id, vector }) => ({ id, score: vector.reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0) }))
    return { ids: scored.toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, SIZE).map(({ id }) => id), lists: {} }
  }
}
