import { SimilarityError, type Coverage, type ResultGroup, type SimilarAnswer, type SimilarQuery } from '@datashare-similarity/shared'
import PQueue from 'p-queue'
import type { GrantedProject, ProjectName } from '../datashare/access.ts'
import type { Hydrator } from '../datashare/hydrate.ts'
import type { Embedders } from '../embedding/embedder.ts'
import type { Generations } from '../store/generation.ts'
import type { StoreFilter, VectorStore } from '../store/store.ts'
import { duplicatesOf, listedCopies } from './copies.ts'
import { embedding, rememberingQueries, type Embed, type EmbedQueries } from './embed.ts'
import { resolveExamples, type Examples } from './examples.ts'
import { isEmpty, requiring, storeFilter } from './filters.ts'
import { fuse, type Vote } from './fusion.ts'
import type { KnownLanguages } from './languages.ts'
import { listsOf, votesOf, type ListedDocument, type Lists } from './lists.ts'
import { pageOf, type Candidate } from './page.ts'
import type { Probe, Scope } from './probe.ts'
import { resultPassages } from './result-passages.ts'
import { backgroundFor, isAtLeast, isRelated, strengthOf } from './strength.ts'
import { wordsOfQuery } from './words.ts'

interface Parts {
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly generations: Generations
  readonly hydrator: Hydrator
  readonly languagesOf: KnownLanguages
  readonly coverage: (project: ProjectName) => Promise<Coverage>
}

/** Around the fusion of the lists, which is no port: for whoever measures it. */
type Around = <T>(fusion: () => T) => T

interface Search extends Parts {
  readonly fused: Around
  readonly embedQueries: EmbedQueries
}

type FindMostSimilar = (project: GrantedProject, query: SimilarQuery, signal: AbortSignal) => Promise<SimilarAnswer>

/** One question of a request with its place in the answer. */
interface Question {
  readonly query: ResultGroup['query']
  readonly probe: Probe
  readonly filter: StoreFilter
  readonly copies: ResultGroup['copies']
}

/** Groups of one request that are searched at once. */
const AT_ONCE = 2

/**
 * Finds the documents most like queries and examples, as far as the caller may see them.
 * Errors: SimilarityError generation_changed | document_unknown | passage_outside | filter_too_broad | embedder_unavailable | model_missing | model_changed, and those of Datashare and the store.
 */
export function createFindMostSimilar(ports: Parts, fused: Around = fusion => fusion()): FindMostSimilar {
  const parts: Search = { ...ports, fused, embedQueries: rememberingQueries() }
  return async (project, query, signal) => {
    const startedAt = performance.now()
    const generation = await parts.generations.current(project.name)
    if (query.generation !== null && query.generation !== generation?.id) throw new SimilarityError('generation_changed')
    const [answer, coverage] = await Promise.all([
      generation === null ? nothingYet(query) : search(parts, { project, generation, ...await parts.languagesOf(generation), signal }, query),
      parts.coverage(project.name),
    ])
    return { ...answer, generation: generation?.id ?? null, coverage, tookMs: performance.now() - startedAt }
  }
}

const nothingYet = (query: SimilarQuery): Pick<SimilarAnswer, 'results' | 'degraded'> =>
  ({ results: groupsOf(query).map(group => ({ query: group, documents: [], hasMore: false, copies: [] })), degraded: null })

function groupsOf({ queries, like }: SimilarQuery): ResultGroup['query'][] {
  return [...queries.map((text, index) => ({ index, text })), ...(like.length > 0 ? [{ like: true as const }] : [])]
}

async function search(parts: Search, scope: Scope, query: SimilarQuery): Promise<Pick<SimilarAnswer, 'results' | 'degraded'>> {
  const { embed, isDegraded } = embedding(parts.embedders, scope.generation, query.mode, scope.signal)
  const context = { ...parts, embed }
  const [filter, queryProbes, like, unlike] = await Promise.all([
    storeFilter(parts, scope, query.filters),
    probesOf(embed, parts.embedQueries, scope, query),
    examplesOf(context, scope, query.like),
    examplesOf(context, scope, query.unlike),
  ])
  scope.signal.throwIfAborted()

  const kept = excluding(filter, unlike)
  const against = unlike === null || isEmpty(kept) ? [] : await nearUnlike(parts.store, scope, unlike.probe, kept, query.mode)
  const queryQuestions = queryProbes.map(probe => ({ probe, filter: kept, copies: [] }))
  const likeQuestion = like === null ? [] : [{ probe: like.probe, filter: excluding(kept, like), copies: await listedCopies(parts.hydrator, scope, like.copies, kept) }]
  const groups = groupsOf(query)
  const questions = [...queryQuestions, ...likeQuestion].flatMap((question, index): Question[] => {
    const group = groups[index]
    return group === undefined ? [] : [{ ...question, query: group }]
  })
  const queue = new PQueue({ concurrency: AT_ONCE })
  try {
    const results = await queue.addAll(questions.map(question => () => answerOf(parts, scope, query, question, against)))
    return { results, degraded: isDegraded() ? 'words-only' : null }
  } finally {
    // After a failure nobody waits for the other groups.
    queue.clear()
  }
}

async function probesOf(embed: Embed, embedQueries: EmbedQueries, { signal }: Scope, { queries, mode }: SimilarQuery): Promise<Probe[]> {
  const read = queries.map(wordsOfQuery)
  const texts = read.map(({ text }) => text)
  const vectors = mode === 'words' || texts.length === 0 ? null : await embed(embedder => embedQueries(embedder, texts, signal))
  return read.map(({ text, words, required }, index) => ({
    texts: [{ text, embedding: vectors?.[index] ?? null, weight: 1, origin: null }], words, isExample: false, required, copies: new Set<string>(),
  }))
}

const examplesOf = async (context: Parts & { embed: Embed }, scope: Scope, examples: SimilarQuery['like']): Promise<Examples | null> =>
  examples.length === 0 ? null : await resolveExamples(context, scope, examples)

const excluding = (filter: StoreFilter, examples: Examples | null): StoreFilter =>
  examples === null ? filter : { ...filter, excludeDocumentIds: [...filter.excludeDocumentIds ?? [], ...examples.documentIds, ...examples.copies.map(({ documentId }) => documentId)] }

/** What stands near the unlike examples, by the lists that vote for a result too. A meaning list reaches everything, so only what is related counts. */
async function nearUnlike(store: VectorStore, scope: Scope, probe: Probe, filter: StoreFilter, mode: SimilarQuery['mode']): Promise<Vote[][]> {
  const lists = await listsOf(store, scope, probe, filter, mode)
  const background = backgroundFor(scope.generation, probe.isExample)
  return votesOf({ ...lists, meaning: lists.meaning.filter(each => isRelated(bestCosine(each) ?? -1, background)) }, scope)
}

const bestCosine = (listed: ListedDocument | undefined): number | null => listed?.passages[0]?.passage.score ?? null

async function answerOf(parts: Search, scope: Scope, query: SimilarQuery, question: Question, against: readonly Vote[][]): Promise<ResultGroup> {
  scope.signal.throwIfAborted()
  const { probe } = question
  const filter = isEmpty(question.filter) ? question.filter : await requiring(parts.store, scope, question.filter, probe.required)
  if (isEmpty(filter)) return { query: question.query, documents: [], hasMore: false, copies: question.copies }
  const lists = await listsOf(parts.store, scope, probe, filter, query.mode)
  const candidates = parts.fused(() => candidatesOf(lists, against, probe, scope)).filter(({ strength }) => isAtLeast(strength, query.minimumStrength))
  const { shown, hasMore, originals } = await pageOf(parts, scope, candidates, query)
  const [passages, duplicates] = await Promise.all([
    resultPassages(parts.store, scope, probe, shown),
    query.foldDuplicates ? duplicatesOf(parts, scope, shown, originals, filter) : undefined,
  ])
  return {
    query: question.query,
    documents: shown.map(({ documentId, document, strength, ranks }, index) => ({
      documentId, rootId: document.rootId, title: document.title, path: document.path, contentType: document.contentType,
      language: document.language, creationDate: document.creationDate, strength, ranks: { ...ranks },
      passages: passages[index] ?? [], duplicates: duplicates?.get(documentId) ?? [],
    })),
    hasMore,
    copies: question.copies,
  }
}

/** The fused list, with what each document is to be shown with. */
function candidatesOf(lists: Lists, against: readonly Vote[][], { words, isExample, copies }: Probe, scope: Scope): Candidate[] {
  const places = { meaning: placesOf(lists.meaning), words: placesOf(lists.words), document: placesOf(lists.document) }
  const background = backgroundFor(scope.generation, isExample)
  const isOnlyCodes = words.terms.length > 0 && words.terms.every(({ isCode }) => isCode)
  return fuse(votesOf(lists, scope), against).map(({ id }) => {
    const [meaning, inWords, document] = [places.meaning.get(id), places.words.get(id), places.document.get(id)]
    const hasWords = inWords !== undefined || document !== undefined
    // A code has no meaning: what is near its vector is near by chance.
    const cosine = isOnlyCodes && hasWords ? null : bestCosine(meaning?.listed)
    return {
      documentId: id,
      strength: strengthOf({ cosine, hasWords, isCopy: copies.has(id) }, background),
      ranks: { meaning: meaning?.rank ?? null, words: inWords?.rank ?? null, document: document?.rank ?? null },
      meaning: meaning?.listed.passages ?? [],
      words: inWords?.listed.passages ?? [],
    }
  })
}

const placesOf = (list: readonly ListedDocument[]): Map<string, { listed: ListedDocument, rank: number }> =>
  new Map(list.map((listed, index) => [listed.documentId, { listed, rank: index + 1 }]))
