import { hash } from 'node:crypto'
import { glob, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GrantedProject } from '../../server/src/datashare/access.ts'
import type { Embedders } from '../../server/src/embedding/embedder.ts'
import type { Generation, Generations } from '../../server/src/store/generation.ts'
import { openElasticsearchStore } from '../../server/src/store/elasticsearch/elasticsearch.ts'
import { openLanceStore } from '../../server/src/store/lancedb/lancedb.ts'
import type { VectorStore } from '../../server/src/store/store.ts'
import { openLocalEngine } from '../../server/src/tasks/local/engine.ts'
import { aCaller } from '../../server/src/testing/callers.ts'
import { startElasticsearch } from '../../server/src/testing/elasticsearch.ts'
import { log, QUICK } from '../../server/src/testing/chain.ts'
import { createMemoryDocuments } from '../../server/src/testing/memory-documents.ts'
import type { Collection } from './collections.ts'

export const STORES = ['lancedb', 'elasticsearch'] as const
export type StoreName = typeof STORES[number]

/** A vectorized collection: what a search reads. */
export interface Vectorized extends AsyncDisposable {
  readonly project: GrantedProject
  readonly store: VectorStore
  readonly generations: Generations
  readonly generation: Generation
  readonly passages: number
}

/**
 * Vectorizes a collection as the companion does, with its store, ledger and engine.
 * In LanceDB the index stays in `folder` for the next run, until the documents, the model or the code that makes it are others; then it is made anew.
 */
export async function vectorize(collection: Collection, embedders: Embedders, folder: string, name: StoreName): Promise<Vectorized> {
  const caller = aCaller('bench', collection.name)
  const project = caller.grant(collection.name)
  const source = createMemoryDocuments()
  for (const { id, language, content } of collection.documents) source.put(project.name, { id, language, content })

  await using opened = new AsyncDisposableStack()
  const { dataDir, store } = name === 'lancedb' ? await inFolder(await dataFolder(collection, embedders, folder)) : await inElasticsearch(opened)
  opened.defer(() => store.close())
  const { engine, generations } = await openLocalEngine({ dataDir, source, store, embedders, log, patience: QUICK, batchesAtOnce: availableParallelism(), retireAfterMs: 0 })
  opened.defer(() => engine.close())
  const { id } = await engine.start(project, { mode: 'update' })
  await engine.idle()
  const state = (await engine.get(caller, id))?.state
  const generation = await generations.current(project.name)
  if (generation === null) throw new Error(`the chain ended ${String(state)}`)
  const { passages, documents: { vectorized, empty } } = await store.statistics(generation)
  if (state !== 'DONE' || vectorized + empty !== collection.documents.length) throw new Error(`the chain ended ${String(state)} with ${vectorized} of ${collection.documents.length} documents`)
  const parts = opened.move()
  return { project, store, generations, generation, passages, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

interface Place { readonly dataDir: string, readonly store: VectorStore }

const inFolder = async (dataDir: string): Promise<Place> => ({ dataDir, store: await openLanceStore({ folder: join(dataDir, 'vectors'), log }) })

/** A node of its own, which goes with the run. */
async function inElasticsearch(opened: AsyncDisposableStack): Promise<Place> {
  const elasticsearch = await startElasticsearch()
  opened.defer(() => elasticsearch.stop())
  const dataDir = await mkdtemp(join(tmpdir(), 'similarity-quality-'))
  opened.defer(() => rm(dataDir, { recursive: true }))
  return { dataDir, store: await openElasticsearchStore({ url: elasticsearch.url, log }) }
}

/** Named by all that the index depends on; those of the same collection that depend on something else are removed. */
async function dataFolder({ name, documents }: Collection, { defaultModel }: Embedders, folder: string): Promise<string> {
  const key = hash('sha256', [defaultModel.revision, await sourceCode(), ...documents.flatMap(({ id, language, content }) => [id, language, content])].join('\0')).slice(0, 16)
  await mkdir(folder, { recursive: true })
  const others = (await readdir(folder)).filter(entry => entry.startsWith(`${name}-`) && entry !== `${name}-${key}`)
  await Promise.all(others.map(entry => rm(join(folder, entry), { recursive: true })))
  return join(folder, `${name}-${key}`)
}

/** Of the rooms that make an index. */
async function sourceCode(): Promise<string> {
  const cwd = fileURLToPath(new URL('../../server/src', import.meta.url))
  const files = await Array.fromAsync(glob('{passages,words,embedding,vectorize,store}/**/*.ts', { cwd, exclude: ['**/*.test.ts'] }))
  return (await Promise.all(files.toSorted().map(async file => await readFile(join(cwd, file), 'utf8')))).join('\0')
}
