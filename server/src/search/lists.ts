import type { SimilarQuery } from '@datashare-similarity/shared'
import type { DocumentCandidate, PassageCandidate, StoreFilter, VectorStore } from '../store/store.ts'
import { termFinder } from './evidence.ts'
import type { Vote } from './fusion.ts'
import type { Probe, ProbeText, Scope } from './probe.ts'
import { minimumScattered, minimumTerms, stemsOf, storeQuery, type Term } from './words.ts'

/** A passage in one of the passage lists. */
export interface PassageHit {
  readonly passage: PassageCandidate
  /** 1-based place among the passages of its list. */
  readonly rank: number
  /** Which text of the probe it is nearest to; null in the list of words. */
  readonly nearest: number | null
}

/** A document in one of the lists, with the passages that brought it there, best first. */
export interface ListedDocument {
  readonly documentId: string
  readonly rootId: string
  readonly language: string
  readonly score: number
  readonly passages: readonly PassageHit[]
}

/** Best first, each document once; the place in a list is the document's rank. */
export interface Lists {
  readonly meaning: readonly ListedDocument[]
  readonly words: readonly ListedDocument[]
  readonly document: readonly ListedDocument[]
}

/**
 * The lists that are fused, ids best first. In a language that the model was not made for, what is near a vector is near by names and spelling
 * at best: where words have found such a document, its place in the list for meaning does not count, and nobody moves up into it.
 */
export function votesOf({ meaning, words, document }: Lists, { foreign }: Pick<Scope, 'foreign'>): Vote[][] {
  const byWords = new Set([...words, ...document].map(({ documentId }) => documentId))
  const trusted = meaning.map(({ documentId, language }) => (foreign.has(language) && byWords.has(documentId) ? null : documentId))
  return [trusted, idsOf(words), idsOf(document)]
}

export const idsOf = (list: readonly ListedDocument[]): string[] => list.map(({ documentId }) => documentId)

/** Ranking quality is flat from 100 to 300; the depth never follows `from`, else page 2 would be fused from other lists than page 1. */
const PASSAGES = 300
/** For each of several passages of an example: together they reach deep enough. */
const PASSAGES_OF_EACH = 100
const DOCUMENTS = 200
/** A few long documents may fill a list of passages: then it is continued without them. */
const ENOUGH_DOCUMENTS = 100
const MOST_ROUNDS = 4
/** Candidates of the document list that are checked term by term, because none of their passages has shown enough. */
const CHECKED_DOCUMENTS = 60

/** The three lists of a probe, in parallel. `mode` says which are asked at all. */
export async function listsOf(store: VectorStore, scope: Scope, probe: Probe, filter: StoreFilter, mode: SimilarQuery['mode']): Promise<Lists> {
  const byMeaning = mode !== 'words' && probe.texts.some(({ embedding }) => embedding !== null)
  const byWords = mode !== 'meaning' && probe.words.terms.length > 0
  const [meaning, words] = await Promise.all([
    byMeaning ? meaningList(store, scope, probe.texts, filter) : [],
    byWords ? wordLists(store, scope, probe, filter, byMeaning) : { words: [], document: [] },
  ])
  scope.signal.throwIfAborted()
  return { meaning, ...words }
}

async function meaningList(store: VectorStore, { project, generation, signal }: Scope, texts: readonly ProbeText[], filter: StoreFilter): Promise<ListedDocument[]> {
  const compared = texts.flatMap(({ embedding, weight }, index) => (embedding === null ? [] : [{ embedding, weight, index }]))
  const search = (limit: number, within: StoreFilter): Promise<PassageCandidate[][]> => {
    signal.throwIfAborted()
    return store.meaning(project, generation, compared.map(({ embedding }) => embedding), { limit, filter: within })
  }
  const [only] = compared
  if (only !== undefined && compared.length === 1) {
    const candidates = await untilEnough(filter, async within => (await search(PASSAGES, within)).flat())
    return collapsed(candidates, only.index)
  }
  const lists = await search(PASSAGES_OF_EACH, filter)
  return covering(compared.map(({ weight, index }, at) => ({ weight, documents: collapsed(lists[at] ?? [], index) })))
}

/** Continues a full list without the documents that it has, until it has enough of them. */
async function untilEnough(filter: StoreFilter, search: (within: StoreFilter) => Promise<PassageCandidate[]>): Promise<PassageCandidate[]> {
  const found: PassageCandidate[] = []
  const documents = new Set<string>()
  for (let round = 0; round < MOST_ROUNDS && documents.size < ENOUGH_DOCUMENTS; round++) {
    const excludeDocumentIds = [...filter.excludeDocumentIds ?? [], ...documents]
    const candidates = await search({ ...filter, excludeDocumentIds })
    found.push(...candidates)
    for (const { documentId } of candidates) documents.add(documentId)
    if (candidates.length < PASSAGES) break
  }
  return found
}

/** A document stands where its best passage does: sums would favour long documents. */
function collapsed(candidates: readonly PassageCandidate[], nearest: number | null): ListedDocument[] {
  const documents = new Map<string, ListedDocument & { passages: PassageHit[] }>()
  for (const [index, passage] of candidates.entries()) {
    const { documentId, rootId, language, score } = passage
    const hit = { passage, rank: index + 1, nearest }
    const known = documents.get(documentId)
    if (known === undefined) documents.set(documentId, { documentId, rootId, language, score, passages: [hit] })
    else known.passages.push(hit)
  }
  return [...documents.values()]
}

/**
 * Passage to passage: a document's score is the mean, over the passages of the example, of its best similarity to each,
 * so that one that answers more of the example stands higher. Where a list does not reach a document, it counts as the list's last.
 */
function covering(lists: readonly { weight: number, documents: readonly ListedDocument[] }[]): ListedDocument[] {
  const whole = lists.reduce((sum, { weight }) => sum + weight, 0)
  const floor = lists.reduce((sum, { weight, documents }) => sum + weight * (documents.at(-1)?.score ?? 0), 0)
  const found = new Map<string, { listed: ListedDocument, score: number, passages: PassageHit[] }>()
  for (const { weight, documents } of lists) {
    const last = documents.at(-1)?.score ?? 0
    for (const listed of documents) {
      const known = found.get(listed.documentId) ?? { listed, score: floor, passages: [] }
      known.score += weight * (listed.score - last)
      known.passages.push(...listed.passages)
      found.set(listed.documentId, known)
    }
  }
  return [...found.values()]
    .map(({ listed, score, passages }) => ({ ...listed, score: score / whole, passages: bestOfEach(passages) }))
    .toSorted(bestFirst)
}

/** A passage that is near several passages of the example is kept with the one it is nearest to. */
function bestOfEach(hits: readonly PassageHit[]): PassageHit[] {
  const best = new Map<number, PassageHit>()
  for (const hit of hits) {
    const known = best.get(hit.passage.ordinal)
    if (known === undefined || known.passage.score < hit.passage.score) best.set(hit.passage.ordinal, hit)
  }
  return [...best.values()]
    .toSorted((a, b) => b.passage.score - a.passage.score || a.passage.ordinal - b.passage.ordinal)
    .map((hit, index) => ({ ...hit, rank: index + 1 }))
}

const bestFirst = (a: ListedDocument, b: ListedDocument): number => b.score - a.score || (a.documentId < b.documentId ? -1 : 1)

/**
 * Beside a list for meaning that can be trusted, and for an example, a hit for words needs several terms, else two lists of chance would outvote it.
 * A query by words alone, and a document in a language that the model was not made for, needs one, but that one whole: "2011" is no hit for CH93-0076-2011.
 */
async function wordLists(store: VectorStore, scope: Scope, { words, isExample }: Probe, filter: StoreFilter, besideMeaning: boolean): Promise<Omit<Lists, 'meaning'>> {
  const { project, generation, languages, foreign } = scope
  const query = storeQuery(words)
  const [passages, documents] = await Promise.all([
    untilEnough(filter, within => store.words(project, generation, query, { limit: PASSAGES, filter: within })),
    store.documentWords(project, generation, stemsOf(words.terms, languages), { limit: DOCUMENTS, filter }),
  ])
  const minimum = besideMeaning || isExample ? minimumTerms(words.terms) : 1
  const needsCheck = minimum > 1 || words.terms.some(({ parts }) => parts.length > 1)
  if (!needsCheck) return { words: collapsed(passages, null), document: documents.map(alone) }

  const needs = (language: string): 'several' | 'one' => (minimum > 1 && (isExample || !foreign.has(language)) ? 'several' : 'one')
  const together = { several: enough(words.terms, minimum), one: enough(words.terms, 1) }
  const scattered = { ...together, several: enough(words.terms, minimumScattered(words.terms)) }
  const { held } = termFinder(words.terms, languages)
  const holding = passages.filter(({ text, language }) => together[needs(language)](held(text)))
  const kept = new Set(holding.map(({ documentId }) => documentId))
  const unsure = documents.filter(({ documentId }) => !kept.has(documentId)).slice(0, CHECKED_DOCUMENTS)
  const heldBy = await termsHeld(store, scope, unsure, words.terms)
  const isConfirmed = ({ documentId, language }: DocumentCandidate): boolean => scattered[needs(language)](heldBy.get(documentId) ?? [])
  return {
    words: collapsed(holding, null),
    document: documents.filter(each => kept.has(each.documentId) || isConfirmed(each)).map(alone),
  }
}

/** A code is never chance: it is enough by itself. */
const enough = (terms: readonly Term[], minimum: number) => (held: readonly number[]): boolean =>
  held.length >= minimum || held.some(index => terms[index]?.isCode === true)

/** The terms that each document holds. Whole documents have no text in their list, so the store is asked for each term which of them hold it. */
async function termsHeld(store: VectorStore, { project, generation, languages, signal }: Scope, candidates: readonly DocumentCandidate[], terms: readonly Term[]): Promise<Map<string, number[]>> {
  if (candidates.length === 0) return new Map()
  signal.throwIfAborted()
  const documentIds = candidates.map(({ documentId }) => documentId)
  const options = { limit: documentIds.length, filter: { documentIds } }
  // The parts of a code must stand together; a word may stand in any form.
  const holders = await Promise.all(terms.map(async term => (term.parts.length > 1
    ? await store.withPhrases(project, generation, [term.text], options)
    : (await store.documentWords(project, generation, stemsOf([term], languages), options)).map(({ documentId }) => documentId))))
  const held = new Map<string, number[]>()
  for (const [index, ids] of holders.entries()) {
    for (const id of new Set(ids)) held.set(id, [...held.get(id) ?? [], index])
  }
  return held
}

const alone = ({ documentId, rootId, language, score }: DocumentCandidate): ListedDocument => ({ documentId, rootId, language, score, passages: [] })
