import { BooleanQuery, MatchQuery, Occur, PhraseQuery, type FullTextQuery, type Table } from '@lancedb/lancedb'
import { best, TIES } from '../ranking.ts'
import type { DocumentCandidate, DocumentIdentity, ListOptions, MeaningOptions, PassageCandidate, WordsQuery } from '../store.ts'
import { ofStatus, searchFilter } from './filter.ts'
import { DOCUMENT_CANDIDATE_COLUMNS, IDENTITY_COLUMNS, PASSAGE_CANDIDATE_COLUMNS, toIdentities, toNearestPassages, toWordsDocuments, toWordsPassages } from './reading.ts'

/** Where a filter leaves too few of the nearest partitions the others are read too: LanceDB's own limit would end a list early. */
const EVERY_PARTITION = 1_000_000

/** How a vector index is read. */
export interface IndexReading {
  /** Partitions that are read. */
  readonly probes: number
  /** Vectors that are looked for together. */
  readonly atOnce: number
}

interface NearestOptions extends MeaningOptions {
  /** Without it, or where the search must be exact, every passage is compared. */
  readonly index?: IndexReading | undefined
}

/** Exact, or by the vector index, of which more is read where a filter leaves too few; filtered before ranking. An exact scan reads all once, for however many vectors. */
export async function nearestPassages(passages: Table, embeddings: readonly Float32Array[], options: NearestOptions): Promise<PassageCandidate[][]> {
  const atOnce = options.exact === true ? Infinity : options.index?.atOnce ?? Infinity
  const lists: PassageCandidate[][] = []
  for (let from = 0; from < embeddings.length; from += atOnce) lists.push(...await nearestTo(passages, embeddings.slice(from, from + atOnce), options))
  return lists
}

async function nearestTo(passages: Table, embeddings: readonly Float32Array[], { limit, filter, exact = false, index }: NearestOptions): Promise<PassageCandidate[][]> {
  const [first, ...others] = embeddings
  if (first === undefined) return []
  const columns = [...PASSAGE_CANDIDATE_COLUMNS, '_distance', ...(others.length === 0 ? [] : ['query_index'])]
  const query = others.reduce((all, other) => all.addQueryVector(other), passages.query().nearestTo(first)).distanceType('cosine').select(columns).limit(limit + TIES)
  const scan = exact || index === undefined ? query.bypassVectorIndex() : query.maximumNprobes(EVERY_PARTITION).minimumNprobes(index.probes)
  return toNearestPassages(await filtered(scan, filter).toArrow(), embeddings.length).map(candidates => best(candidates, limit))
}

export async function passagesByWords(passages: Table, query: WordsQuery, { limit, filter }: ListOptions): Promise<PassageCandidate[]> {
  const clauses = anyOf(query)
  if (clauses === null) return []
  const search = passages.query().fullTextSearch(clauses).select([...PASSAGE_CANDIDATE_COLUMNS, '_score']).limit(limit + TIES)
  return best(toWordsPassages(await filtered(search, filter).toArrow()), limit)
}

export async function documentsByStems(documents: Table, stems: readonly string[], options: ListOptions): Promise<DocumentCandidate[]> {
  return stems.length === 0 ? [] : await documentsMatching(documents, new MatchQuery(stems.join(' '), 'stems'), options)
}

export async function documentsWithPhrases(documents: Table, phrases: readonly string[], options: ListOptions): Promise<string[]> {
  if (phrases.length === 0) return []
  const found = await documentsMatching(documents, new BooleanQuery(phrases.map(phrase => [Occur.Must, new PhraseQuery(phrase, 'content')])), options)
  return found.map(({ documentId }) => documentId)
}

/** Of vectorized documents. */
export async function identitiesWhere(documents: Table, where: string, limit?: number): Promise<DocumentIdentity[]> {
  const query = documents.query().where(`${ofStatus('vectorized')} AND (${where})`).select(IDENTITY_COLUMNS)
  return toIdentities(await (limit === undefined ? query : query.limit(limit)).toArrow())
}

async function documentsMatching(documents: Table, clauses: FullTextQuery, { limit, filter }: ListOptions): Promise<DocumentCandidate[]> {
  const search = documents.query().fullTextSearch(clauses).select([...DOCUMENT_CANDIDATE_COLUMNS, '_score']).limit(limit + TIES)
  return best(toWordsDocuments(await filtered(search, filter).toArrow()), limit)
}

/** Query objects, never a query string: whatever a text holds is words. */
function anyOf({ terms, phrases }: WordsQuery): FullTextQuery | null {
  const wanted = [...new Set(phrases)].filter(phrase => phrase.trim() !== '')
  const queries = [...(terms.trim() === '' ? [] : [new MatchQuery(terms, 'text')]), ...wanted.map(phrase => new PhraseQuery(phrase, 'text'))]
  return queries.length === 0 ? null : new BooleanQuery(queries.map(query => [Occur.Should, query]))
}

function filtered<Q extends { where(predicate: string): Q }>(query: Q, filter: ListOptions['filter']): Q {
  const where = searchFilter(filter)
  return where === undefined ? query : query.where(where)
}
