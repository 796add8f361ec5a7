import { SimilarityError, type Evaluation, type KnownItemScore, type SimilarQuery } from '@datashare-similarity/shared'
import PQueue from 'p-queue'
import type { GrantedProject } from '../datashare/access.ts'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import { boundContext } from '../log.ts'
import type { Generations } from '../store/generation.ts'
import { EQUAL_COSINES, type SampledPassage, type VectorStore } from '../store/store.ts'
import { embedderOf } from './embed.ts'
import { fuse, type Vote } from './fusion.ts'
import type { KnownLanguages } from './languages.ts'
import { idsOf, listsOf, votesOf } from './lists.ts'
import type { Probe, Scope } from './probe.ts'
import { wordsOfQuery } from './words.ts'

interface Parts {
  readonly store: VectorStore
  readonly embedders: Embedders
  readonly generations: Generations
  readonly languagesOf: KnownLanguages
}

/** Passages that are looked for again: the share of those found is known to within five points or so. */
const ITEMS = 200
/** Vectors whose neighbours by the index are compared with the exact ones. */
const VECTORS = 50
const NEIGHBOURS = 10
const AT_ONCE = 2
/** Content words of a passage that make a query: every second one, as somebody remembers a text. */
const QUERY_WORDS = 6
const FEWEST_WORDS = 3

type Mode = SimilarQuery['mode']

interface Item {
  readonly documentId: string
  readonly query: string
}

/**
 * Measures how well a project is searched, with the project itself: some words of a passage must lead back to its document,
 * and the vector index must find what an exact search finds. The figures are kept with the generation.
 * One at a time, whatever the project: each keeps the machine busy.
 * Errors: SimilarityError not_vectorized | embedder_unavailable | model_missing | model_changed, those of the store, and the signal's reason.
 */
export function createEvaluate(parts: Parts): (project: GrantedProject, signal: AbortSignal) => Promise<Evaluation> {
  const queue = new PQueue({ concurrency: 1 })
  return (project, signal) => queue.add(boundContext(() => evaluate(parts, project, signal)), { signal })
}

async function evaluate({ store, embedders, generations, languagesOf }: Parts, project: GrantedProject, signal: AbortSignal): Promise<Evaluation> {
  const generation = await generations.current(project.name)
  if (generation === null) throw new SimilarityError('not_vectorized')
  const embedder = await embedderOf(embedders, generation, signal)
  const scope: Scope = { project, generation, ...await languagesOf(generation), signal }
  const sample = await store.samplePassages(generation, ITEMS)
  const items = itemsOf(sample)
  const vectors = sample.filter((_, index) => index % Math.max(1, Math.floor(sample.length / VECTORS)) === 0).slice(0, VECTORS)
  const evaluation = {
    measuredAt: new Date().toISOString(),
    items: items.length,
    ...await knownItems(store, scope, embedder, items),
    vectors: vectors.length,
    indexRecall: await indexRecall(store, scope, vectors),
  }
  await generations.evaluate(generation.id, evaluation)
  return evaluation
}

/** Passages that are too short to be told apart are left out. */
const itemsOf = (sample: readonly SampledPassage[]): Item[] => sample.flatMap(({ documentId, text }) => {
  const words = wordsOfQuery(text.replaceAll('"', ' ')).words.terms.filter((_, index) => index % 2 === 0).slice(0, QUERY_WORDS)
  return words.length < FEWEST_WORDS ? [] : [{ documentId, query: words.map(each => each.text).join(' ') }]
})

async function knownItems(store: VectorStore, scope: Scope, embedder: Embedder, items: readonly Item[]): Promise<Pick<Evaluation, Mode>> {
  const vectors = await embedder.queries(items.map(({ query }) => query), scope.signal)
  const ranks = await each(items, async ({ documentId, query }, index) => {
    const probe: Probe = { texts: [{ text: query, embedding: vectors[index] ?? null, weight: 1, origin: null }], words: wordsOfQuery(query).words, isExample: false, required: [], copies: new Set() }
    return await ranksOf(store, scope, probe, documentId)
  })
  return { hybrid: scoreOf(ranks.map(({ hybrid }) => hybrid)), meaning: scoreOf(ranks.map(({ meaning }) => meaning)), words: scoreOf(ranks.map(({ words }) => words)) }
}

/** The 1-based place of a document, or of one with the same content, in each mode; null where it is not among the first ten. */
async function ranksOf(store: VectorStore, scope: Scope, probe: Probe, documentId: string): Promise<Record<Mode, number | null>> {
  const lists = await listsOf(store, scope, probe, {}, 'hybrid')
  const [meaning, words, document] = [lists.meaning, lists.words, lists.document].map(idsOf)
  const best = { hybrid: firstOf(votesOf(lists, scope)), meaning: firstOf([meaning ?? []]), words: firstOf([words ?? [], document ?? []]) }
  const identities = await store.identitiesOf(scope.project, scope.generation, [documentId, ...Object.values(best).flat()])
  const contents = new Map(identities.map(identity => [identity.documentId, identity.contentHash]))
  const rank = (ids: readonly string[]): number | null => {
    const at = ids.findIndex(id => id === documentId || contents.get(id) === contents.get(documentId))
    return at < 0 ? null : at + 1
  }
  return { hybrid: rank(best.hybrid), meaning: rank(best.meaning), words: rank(best.words) }
}

const firstOf = (lists: readonly Vote[][]): string[] => fuse(lists).slice(0, NEIGHBOURS).map(({ id }) => id)

function scoreOf(ranks: readonly (number | null)[]): KnownItemScore {
  const share = (within: number): number => (ranks.length === 0 ? 0 : ranks.filter(rank => rank !== null && rank <= within).length / ranks.length)
  return { first: share(1), ten: share(10) }
}

/** The share of the exact nearest passages that the index finds too; 1 where there is no index yet. */
async function indexRecall(store: VectorStore, { project, generation, signal }: Scope, vectors: readonly SampledPassage[]): Promise<number> {
  const found = await each(vectors, async ({ embedding }) => {
    signal.throwIfAborted()
    const options = { limit: NEIGHBOURS, filter: {} }
    const [exact = []] = await store.meaning(project, generation, [embedding], { ...options, exact: true })
    const [byIndex = []] = await store.meaning(project, generation, [embedding], options)
    // By score: of passages that are equally near the index may show others.
    const least = exact.at(-1)?.score ?? 0
    return exact.length === 0 ? 1 : byIndex.filter(({ score }) => score >= least - EQUAL_COSINES).length / exact.length
  })
  return found.length === 0 ? 1 : found.reduce((sum, share) => sum + share, 0) / found.length
}

/** A few at a time, so that searches of people are not kept waiting. */
async function each<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const queue = new PQueue({ concurrency: AT_ONCE })
  try {
    return await queue.addAll(items.map((item, index) => () => work(item, index)))
  } finally {
    queue.clear()
  }
}
