import type { Embedder } from '../../server/src/embedding/embedder.ts'
import { stemsOf, storeQuery, wordsOfQuery } from '../../server/src/search/words.ts'
import type { Vectorized } from './indexing.ts'

/** Ids of documents by each list, best first. */
export type SingleLists = Readonly<Record<'passages' | 'documents' | 'meaning', readonly string[]>>

/** Passages that are asked for: enough for ten documents, where a few long ones come first. */
const PASSAGES = 300

/** Each list by itself, straight from the store: without what a search asks of a hit before it lets the list vote beside the others. */
export async function singleLists({ project, store, generation }: Vectorized, embedder: Embedder): Promise<(text: string) => Promise<SingleLists>> {
  const languages = Object.keys((await store.statistics(generation)).languages)
  const options = { limit: PASSAGES, filter: {} }
  return async (query) => {
    const { text, words } = wordsOfQuery(query)
    const [vector = new Float32Array()] = await embedder.queries([text])
    const [passages, documents, [meaning = []]] = await Promise.all([
      store.words(project, generation, storeQuery(words), options),
      store.documentWords(project, generation, stemsOf(words.terms, languages), options),
      store.meaning(project, generation, [vector], options),
    ])
    return { passages: documentsOf(passages), documents: documentsOf(documents), meaning: documentsOf(meaning) }
  }
}

/** A document stands where its best passage does. */
const documentsOf = (candidates: readonly { readonly documentId: string }[]): string[] => [...new Set(candidates.map(({ documentId }) => documentId))]
