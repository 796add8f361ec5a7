import type { Client, estypes } from '@elastic/elasticsearch'
import type { Generation } from '../generation.ts'
import { likelyCopiesOfEach } from '../likely-copies.ts'
import { best, TIES } from '../ranking.ts'
import type { DocumentCandidate, DocumentIdentity, DocumentRow, ListOptions, MeaningOptions, PassageCandidate, StoredPassage, TextIdentity, WordsQuery } from '../store.ts'
import { copiesOf, inSlice, ofDocuments, ofStatus, ROWS, searchFilter } from './filter.ts'
import { indexNames, PLACES, type VectorIndex } from './layout.ts'
import {
  DOCUMENT_FIELDS, IDENTITY_FIELDS, PASSAGE_FIELDS, ROW_FIELDS, STORED_PASSAGE_FIELDS, toIdentity, toNearestPassage, toRow, toStoredPassage, toWordsDocument, toWordsPassage, WHOLE,
} from './reading.ts'
import { wordsIn } from './words.ts'

/** A generation's indices, while somebody may read them. */
export interface Reading {
  readonly client: Client
  readonly generation: Generation
  readonly vectors: VectorIndex
  readonly signal: AbortSignal
  /** Searches with the same one are answered by the same copies of the shards: of two copies scores and graphs differ a little, and pages must not. */
  readonly preference?: string
}

type Clause = estypes.QueryDslQueryContainer
type Hit = estypes.SearchHit

/** Elasticsearch gives no more hits at once, and compares no more candidates. */
const MOST = 10_000
/** Candidates that a search in the graph of vectors keeps, at least: so few that it stays quick, so many that hardly a near one is missed. */
const LEAST_CANDIDATES = 1_000
const CANDIDATES_PER_HIT = 3
/** Up to as many candidates as it may keep Elasticsearch compares with all, without the graph. Slices are of about equal size, not quite. */
const PASSAGES_IN_SLICE = 5_000
/** Of those the best by compressed vectors, of which the best by full ones are taken. */
const EXACT_OVERSAMPLE = 5
const PAGE = 1_000
/** A rare word counts the same wherever its passage lies, should the operator have chosen several shards. */
const BY_WORDS = { search_type: 'dfs_query_then_fetch' } as const

async function hitsOf({ client, signal, preference }: Reading, request: estypes.SearchRequest): Promise<Hit[]> {
  const { hits } = await client.search({ ...WHOLE, ...preference !== undefined && { preference }, ...request }, { signal })
  return hits.hits
}

const within = (limit: number): number => Math.min(limit + TIES, MOST)

/** By the graph of vectors, filtered before ranking; or, in slices, compared with every passage. */
export async function nearestPassages(reading: Reading, embedding: Float32Array, { limit, filter, exact = false }: MeaningOptions): Promise<PassageCandidate[]> {
  const k = within(limit)
  const clauses = searchFilter(filter)
  const nearest = (candidates: number, oversample: number | null, more: readonly Clause[] = []): Promise<Hit[]> => hitsOf(reading, {
    index: indexNames(reading.generation).passages, size: k, _source: PASSAGE_FIELDS,
    knn: {
      field: 'embedding', query_vector: [...embedding], k, num_candidates: Math.min(candidates, MOST), filter: [...clauses, ...more],
      ...oversample !== null && { rescore_vector: { oversample } },
    },
  })
  const { oversample } = reading.vectors
  if (!exact) return best((await nearest(Math.max(LEAST_CANDIDATES, CANDIDATES_PER_HIT * k), oversample)).map(toNearestPassage), limit)
  const slices = Math.ceil(await countPassages(reading) / PASSAGES_IN_SLICE)
  const found: Hit[] = []
  for (let slice = 0; slice < slices; slice++) found.push(...await nearest(MOST, oversample === null ? null : EXACT_OVERSAMPLE, [inSlice(slice, slices, PLACES)]))
  return best(found.map(toNearestPassage), limit)
}

export async function countPassages({ client, generation, signal }: Pick<Reading, 'client' | 'generation' | 'signal'>): Promise<number> {
  return (await client.count({ index: indexNames(generation).passages }, { signal })).count
}

export async function passagesByWords(reading: Reading, query: WordsQuery, { limit, filter }: ListOptions): Promise<PassageCandidate[]> {
  const should = anyOf(query)
  if (should.length === 0) return []
  const hits = await hitsOf(reading, {
    ...BY_WORDS, index: indexNames(reading.generation).passages, size: within(limit), _source: PASSAGE_FIELDS, query: { bool: { should, minimum_should_match: 1, filter: searchFilter(filter) } },
  })
  return best(hits.map(toWordsPassage), limit)
}

/** Clauses, never a query string: whatever a text holds is words. */
function anyOf({ terms, phrases }: WordsQuery): Clause[] {
  const [words, ...together] = [wordsIn(terms), ...new Set(phrases.map(wordsIn))]
  return [...(words === '' ? [] : [{ match: { words } }]), ...together.filter(phrase => phrase !== '').map(phrase => ({ match_phrase: { words: phrase } }))]
}

export async function documentsByStems(reading: Reading, stems: readonly string[], options: ListOptions): Promise<DocumentCandidate[]> {
  return stems.length === 0 ? [] : await documentsMatching(reading, [{ match: { stems: stems.join(' ') } }], options)
}

export async function documentsWithPhrases(reading: Reading, phrases: readonly string[], options: ListOptions): Promise<string[]> {
  const wanted = phrases.map(wordsIn)
  // A phrase without a word stands in no document.
  if (wanted.length === 0 || wanted.includes('')) return []
  return (await documentsMatching(reading, wanted.map(phrase => ({ match_phrase: { words: phrase } })), options)).map(({ documentId }) => documentId)
}

/** A long document has several entries: it stands where its best one does. */
async function documentsMatching(reading: Reading, must: Clause[], { limit, filter }: ListOptions): Promise<DocumentCandidate[]> {
  const hits = await hitsOf(reading, {
    ...BY_WORDS, index: indexNames(reading.generation).documents, size: within(limit), _source: DOCUMENT_FIELDS, query: { bool: { must, filter: searchFilter(filter) } }, collapse: { field: 'documentId' },
  })
  return best(hits.map(toWordsDocument), limit)
}

/** In order, a page at a time: a document may have more passages than one answer can hold. */
export async function passagesOf(reading: Reading, documentId: string): Promise<StoredPassage[]> {
  const passages: StoredPassage[] = []
  let after: estypes.SortResults | undefined
  for (;;) {
    const page = await hitsOf(reading, {
      index: indexNames(reading.generation).passages, size: PAGE, _source: STORED_PASSAGE_FIELDS, docvalue_fields: ['vector'],
      query: { bool: { filter: [ofDocuments([documentId])] } }, sort: [{ ordinal: 'asc' }], ...after !== undefined && { search_after: after },
    })
    passages.push(...page.map(toStoredPassage))
    if (page.length < PAGE) return passages
    after = page.at(-1)?.sort
  }
}

export async function rowOf(reading: Reading, documentId: string): Promise<DocumentRow | null> {
  const [hit] = await rowsWhere(reading, ofDocuments([documentId]), { size: 1 })
  return hit === undefined ? null : toRow(hit)
}

/** By the ids of the documents. What comes before the page is passed over in steps that Elasticsearch allows. */
export async function rowsByStatus(reading: Reading, status: DocumentRow['status'], { from, size }: { from: number, size: number }): Promise<{ rows: DocumentRow[], total: number }> {
  const { client, generation, signal } = reading
  const total = (await client.count({ index: indexNames(generation).documents, query: ofStatus(status) }, { signal })).count
  if (size === 0 || from >= total) return { rows: [], total }
  let after: estypes.SortResults | undefined
  for (let left = from; left > 0; left -= MOST) {
    after = (await rowsWhere(reading, ofStatus(status), { size: Math.min(left, MOST), _source: false, ...after !== undefined && { search_after: after } })).at(-1)?.sort
  }
  const hits = await rowsWhere(reading, ofStatus(status), { size, ...after !== undefined && { search_after: after } })
  return { rows: hits.map(toRow), total }
}

const rowsWhere = (reading: Reading, where: Clause, request: estypes.SearchRequest): Promise<Hit[]> => hitsOf(reading, {
  index: indexNames(reading.generation).documents, _source: ROW_FIELDS, query: { bool: { filter: [where, ROWS] } }, sort: [{ documentId: 'asc' }], ...request,
})

/** Of vectorized documents. */
async function identitiesWhere(reading: Reading, where: Clause, limit: number): Promise<DocumentIdentity[]> {
  return (await rowsWhere(reading, { bool: { filter: [ofStatus('vectorized'), where] } }, { size: Math.min(limit, MOST), _source: IDENTITY_FIELDS })).map(toIdentity)
}

export async function identitiesOf(reading: Reading, documentIds: readonly string[]): Promise<DocumentIdentity[]> {
  const found: DocumentIdentity[] = []
  for (let from = 0; from < documentIds.length; from += MOST) {
    const part = documentIds.slice(from, from + MOST)
    found.push(...await identitiesWhere(reading, ofDocuments(part), part.length))
  }
  return found
}

export const likelyCopiesOf = (reading: Reading, texts: readonly TextIdentity[], limit: number): Promise<DocumentIdentity[][]> =>
  likelyCopiesOfEach(texts, Math.min(limit, MOST), (some, most) => identitiesWhere(reading, copiesOf(some), most))
