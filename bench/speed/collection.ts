import { hash } from 'node:crypto'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GrantedProject } from '../../server/src/datashare/access.ts'
import type { Embedders } from '../../server/src/embedding/embedder.ts'
import { fingerprintOf } from '../../server/src/passages/fingerprint.ts'
import { PASSAGE_RULES } from '../../server/src/passages/passage.ts'
import { createFindMostSimilar } from '../../server/src/search/find-most-similar.ts'
import { idsOnly } from '../../server/src/search/ids-only.ts'
import { knownLanguages } from '../../server/src/search/languages.ts'
import type { Generation } from '../../server/src/store/generation.ts'
import { openLanceStore } from '../../server/src/store/lancedb/lancedb.ts'
import type { DocumentWrite, StoredPassage, VectorStore } from '../../server/src/store/store.ts'
import { openDatabase } from '../../server/src/tasks/local/database.ts'
import { createGenerations } from '../../server/src/tasks/local/generations.ts'
import { log } from '../../server/src/testing/chain.ts'
import { dice, type Dice } from '../../server/src/testing/random.ts'
import { sampleTexts } from '../../server/src/testing/sample-collection.ts'
import { grantedProject } from '../../server/src/testing/store-documents.ts'
import { stemsOfContent } from '../../server/src/words/stems.ts'

const PASSAGES_OF_EACH = 6
/** Documents of one write, as a vectorization gathers them. */
const DOCUMENTS_AT_ONCE = 100
const FOLDERS = 100

/** A store that grows, with real words and vectors near those of real passages. */
export interface GrownCollection extends AsyncDisposable {
  readonly store: VectorStore
  readonly project: GrantedProject
  readonly generation: Generation
  readonly find: ReturnType<typeof createFindMostSimilar>
  /** The vectors as they were written, 32-bit floats. */
  readonly vectorFile: string
  /** Up to so many passages; gives the seconds that the store takes to write, and to build and compact its indices. */
  grow(passages: number): Promise<{ readonly writing: number, readonly indexing: number }>
}

type Seed = Pick<StoredPassage, 'text' | 'embedding'>

/** Opens the store that grows; LanceDB in that folder unless another is meant. */
export type OpenStore = (folder: string) => Promise<VectorStore>

const openLance: OpenStore = folder => openLanceStore({ folder, log })

export async function openCollection(embedders: Embedders, openStore = openLance): Promise<GrownCollection> {
  const folder = await mkdtemp(join(tmpdir(), 'similarity-speed-'))
  const [store, database] = [await openStore(join(folder, 'vectors')), await openDatabase(folder)]
  const [project, generations, { id: modelId, revision: modelRevision, dimensions }] = [grantedProject('speed'), createGenerations(database), embedders.defaultModel]
  const generation = await generations.create({ project: project.name, modelId, modelRevision, dimensions, passageRules: PASSAGE_RULES })
  await store.create(generation)
  await generations.makeCurrent(generation.id)
  const [seeds, random, vectorFile] = [await seedsOf(embedders), dice(11), join(folder, 'vectors.f32')]
  let written = 0

  const write = async (passages: number): Promise<number> => {
    let writing = 0
    for (; written * PASSAGES_OF_EACH < passages; written += DOCUMENTS_AT_ONCE) {
      const documents: DocumentWrite[] = []
      for (let index = 0; index < DOCUMENTS_AT_ONCE; index++) documents.push(await documentOf(written + index, seeds, random))
      writing += await seconds(() => store.replace(generation, documents))
      await appendFile(vectorFile, Buffer.concat(documents.flatMap(each => each.passages.map(({ embedding: { buffer } }) => Buffer.from(buffer)))))
    }
    return writing
  }
  return {
    store, project, generation, vectorFile,
    find: createFindMostSimilar({ store, embedders, generations, hydrator: idsOnly, languagesOf: knownLanguages({ store, embedders }), coverage: () => Promise.resolve(COVERAGE) }),
    async grow(passages) {
      return { writing: await write(passages), indexing: await seconds(() => store.maintain(generation)) }
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const idOf = (number: number): string => `d${number}`

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1_000
}

/** The passages of the sample collection. */
async function seedsOf(embedders: Embedders): Promise<Seed[]> {
  const embedder = await embedders.get(embedders.defaultModel.id)
  const seeds: Seed[] = []
  for (const text of (await sampleTexts()).values()) {
    for await (const group of embedder.passages(text, new AbortController().signal)) seeds.push(...group)
  }
  return seeds
}

async function documentOf(number: number, seeds: readonly Seed[], random: Dice): Promise<DocumentWrite> {
  const passages: StoredPassage[] = []
  let start = 0
  for (let ordinal = 0; ordinal < PASSAGES_OF_EACH; ordinal++) {
    const { text, embedding } = between(pick(seeds, random), pick(seeds, random), random, number)
    passages.push({ ordinal, start, end: start + text.length, text, embedding })
    start += text.length + 1
  }
  const content = passages.map(({ text }) => text).join('\n')
  const [id, language, folder] = [idOf(number), number % 10 === 0 ? 'FRENCH' : 'ENGLISH', folderOf(number)]
  return {
    row: {
      documentId: id, rootId: id, extractionDate: '2026-01-01T00:00:00.000Z', contentHash: hash('sha256', content), status: 'vectorized', reason: null,
      passages: passages.length, truncated: false, language, vectorizedAt: '2026-01-01T00:00:00.000Z',
    },
    title: `${id}.txt`, path: `${folder}/${id}.txt`, dirname: folder, contentType: 'text/plain', creationDate: null, fingerprint: await fingerprintOf(content),
    content, stems: [...stemsOfContent(content, language)].join(' '), passages,
  }
}

export const folderOf = (number: number): string => `/vault/${number % FOLDERS}`

const pick = (seeds: readonly Seed[], random: Dice): Seed => {
  const seed = seeds[random.between(0, seeds.length - 1)]
  if (seed === undefined) throw new Error('the sample collection has no passages')
  return seed
}

/** Half of the words of each, and a vector near the first and towards the second. */
function between(one: Seed, other: Seed, random: Dice, number: number): Seed {
  const half = (text: string, from: 0 | 1): string => {
    const words = text.split(' ')
    return (from === 0 ? words.slice(0, words.length / 2) : words.slice(words.length / 2)).join(' ')
  }
  const noise = 0.5 / Math.sqrt(one.embedding.length)
  const mixed = one.embedding.map((value, at) => 0.75 * value + 0.35 * (other.embedding[at] ?? 0) + noise * (random.next() + random.next() + random.next() - 1.5) * 2)
  const length = Math.sqrt(mixed.reduce((sum, value) => sum + value * value, 0))
  return { text: `${half(one.text, 0)} ${half(other.text, 1)} File ${number}.`, embedding: mixed.map(value => value / length) }
}

const COVERAGE = { documents: 1, vectorized: 1, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0 }
