import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Coverage, ResultGroup, SimilarAnswer, SimilarRequest } from '@datashare-similarity/shared'
import { SimilarAnswerSchema, SimilarRequestSchema } from '@datashare-similarity/shared/contract'
import type { HydratedDocument } from '../datashare/hydrate.ts'
import type { EmbeddedPassage, Embedder, Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { createLogger } from '../log.ts'
import { createFindMostSimilar } from '../search/find-most-similar.ts'
import { knownLanguages } from '../search/languages.ts'
import type { Generation, Generations } from '../store/generation.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import type { VectorStore } from '../store/store.ts'
import { calibrate } from '../vectorize/calibrate.ts'
import { stemsOfContent } from '../words/stems.ts'
import { createMemoryHydrator, type MemoryHydrator } from './memory-hydrator.ts'
import { SMALL_COLLECTION, type SmallDocument } from './small-collection.ts'
import { aGeneration, grantedProject } from './store-documents.ts'

const PROJECT = 'meridian'
const project = grantedProject(PROJECT)
const signal = new AbortController().signal
const log = createLogger('silent')

export const COVERAGE: Coverage = { documents: 31, vectorized: 31, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0 }
/** In Datashare, but not vectorized. */
export const NEW = { id: 'new', content: 'A plane is hired by the month, with its maintenance on top.' }

export const contentOf = (id: string): string => SMALL_COLLECTION.find(document => document.id === id)?.content ?? ''

/** The same and what is in another document, half a million letters long. */
export const LONG = { id: 'long', content: `${NEW.content} ${contentOf('violin')} `.repeat(3_000) }

export const ids = ({ documents }: ResultGroup): string[] => documents.map(({ documentId }) => documentId)

/** The small collection as the store and the bundled model have it, to be searched. */
export interface SmallSearch extends AsyncDisposable {
  readonly embedders: Embedders
  readonly generation: Generation
  readonly hydrator: MemoryHydrator
  find(request: SimilarRequest, changed?: Changed): Promise<SimilarAnswer>
  /** The one group of a request with one. */
  group(request: SimilarRequest): Promise<ResultGroup>
}

interface Changed {
  readonly embedders?: Embedders
  readonly generations?: Generations
  readonly signal?: AbortSignal
}

export async function openSmallSearch(): Promise<SmallSearch> {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'similar-'))
  opened.defer(() => rm(folder, { recursive: true }))
  const store = await openLanceStore({ folder, log })
  opened.defer(() => store.close())
  const embedders = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
  opened.defer(() => embedders.close())
  const generation = await vectorized(store, await embedders.get(embedders.defaultModel.id))
  const hydrator = createMemoryHydrator(new Map([...SMALL_COLLECTION, NEW, LONG].map(document => [document.id, hydrated(document)])))

  const find: SmallSearch['find'] = async (request, changed = {}) => {
    const parts = { store, hydrator, embedders: changed.embedders ?? embedders, generations: changed.generations ?? only(generation) }
    const findMostSimilar = createFindMostSimilar({ ...parts, languagesOf: knownLanguages(parts), coverage: () => Promise.resolve(COVERAGE) })
    return SimilarAnswerSchema.parse(await findMostSimilar(project, SimilarRequestSchema.parse(request), changed.signal ?? signal))
  }
  const group: SmallSearch['group'] = async (request) => {
    const { results: [first] } = await find(request)
    if (first === undefined) throw new Error('the request has no group')
    return first
  }
  const parts = opened.move()
  return { embedders, generation, hydrator, find, group, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

const hydrated = (document: SmallDocument): HydratedDocument & { content: string } => ({
  rootId: document.id, title: `${document.id}.txt`, path: `${document.dirname ?? '/vault'}/${document.id}.txt`,
  contentType: 'text/plain', language: 'ENGLISH', creationDate: null, ...document,
})

async function vectorized(store: VectorStore, embedder: Embedder): Promise<Generation> {
  const building = { ...aGeneration(PROJECT, embedder.model.dimensions), modelId: embedder.model.id, modelRevision: embedder.model.revision }
  await store.create(building)
  for (const document of SMALL_COLLECTION) await write(store, building, embedder, document)
  await store.maintain(building)
  return { ...building, state: 'current', calibration: await calibrate(await store.samplePassages(building, 300), embedder, signal) }
}

async function write(store: VectorStore, into: Generation, embedder: Embedder, document: SmallDocument): Promise<void> {
  const passages: EmbeddedPassage[] = []
  for await (const group of embedder.passages(document.content, signal)) passages.push(...group)
  const shown = hydrated(document)
  await store.replace(into, [{
    row: {
      documentId: document.id, rootId: shown.rootId, extractionDate: null, contentHash: createHash('sha256').update(document.content).digest('hex'),
      status: 'vectorized', reason: null, passages: passages.length, truncated: false, language: shown.language, vectorizedAt: '2026-02-01T00:00:00.000Z',
    },
    title: shown.title, path: shown.path, dirname: document.dirname ?? '/vault', contentType: shown.contentType, creationDate: shown.creationDate,
    content: document.content, stems: [...stemsOfContent(document.content, shown.language)].join(' '), fingerprint: null, passages,
  }])
}

/** Generations of which one is current, or none. */
export const only = (current: Generation | null): Generations => ({
  current: () => Promise.resolve(current),
  building: () => Promise.resolve(null),
  create: () => Promise.reject(new Error('not here')),
  makeCurrent: () => Promise.resolve(),
  calibrate: () => Promise.resolve(),
  evaluate: () => Promise.resolve(),
  touch: () => Promise.resolve(),
  all: () => Promise.resolve(current === null ? [] : [current]),
  remove: () => Promise.resolve(),
})
