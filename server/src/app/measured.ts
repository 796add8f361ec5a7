import type { SimilarAnswer, SimilarQuery } from '@datashare-similarity/shared'
import type { GrantedProject } from '../datashare/access.ts'
import type { Hydrator } from '../datashare/hydrate.ts'
import type { Embedder, Embedders } from '../embedding/embedder.ts'
import type { Metrics } from '../metrics.ts'
import type { VectorStore } from '../store/store.ts'

/*
 * The ports, with what goes through them measured: the rooms themselves do not know of metrics.
 */

/** For searches alone: what measures the store itself compares with every passage, and would blur their times. */
export const measuredLists = (store: VectorStore, { timed }: Metrics): VectorStore => ({
  ...store,
  meaning: (...args) => timed('meaning', () => store.meaning(...args)),
  words: (...args) => timed('words', () => store.words(...args)),
  documentWords: (...args) => timed('documents', () => store.documentWords(...args)),
})

/** For vectorizations. */
export const measuredWrites = (store: VectorStore, { written }: Metrics): VectorStore => ({
  ...store,
  async replace(generation, documents) {
    await store.replace(generation, documents)
    for (const { row } of documents) written(row.status, row.reason)
  },
})

export const measuredHydrator = (hydrator: Hydrator, { timed }: Metrics): Hydrator => ({
  ...hydrator,
  documents: (...args) => timed('hydration', () => hydrator.documents(...args)),
})

export function measuredEmbedders(embedders: Embedders, metrics: Metrics): Embedders {
  return { ...embedders, get: async (...args) => measuredEmbedder(await embedders.get(...args), metrics) }
}

const measuredEmbedder = (embedder: Embedder, { timed, embedded }: Metrics): Embedder => ({
  model: embedder.model,
  get ready() {
    return embedder.ready
  },
  queries: (...args) => timed('embedding', () => embedder.queries(...args)),
  examples: (...args) => timed('embedding', () => embedder.examples(...args)),
  cut: (...args) => embedder.cut(...args),
  close: () => embedder.close(),
  async* passages(...args) {
    for await (const group of embedder.passages(...args)) {
      embedded(group.map(({ text }) => text))
      yield group
    }
  },
})

type Find = (project: GrantedProject, query: SimilarQuery, signal: AbortSignal) => Promise<SimilarAnswer>

export const measuredFind = (find: Find, { searched }: Metrics): Find => async (project, query, signal) => {
  const answer = await find(project, query, signal)
  searched(query.mode, answer.results.length, answer.degraded !== null)
  return answer
}
