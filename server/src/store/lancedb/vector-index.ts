import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Index, type Table } from '@lancedb/lancedb'
import { z } from 'zod'
import type { Generation } from '../generation.ts'
import { EQUAL_COSINES, type PassageCandidate } from '../store.ts'
import { retryConflicts } from './faults.ts'
import { tableNames } from './schema.ts'
import { nearestPassages, type IndexReading } from './search.ts'
import { samplePassages } from './statistics.ts'
import { LARGE_PASSAGES, type GenerationTables } from './tables.ts'

/** The partitions of a table that has grown by this are too few and too large: they are found anew. */
const GROWTH = 2
/** What the partitions are found from, held in memory at once. LanceDB's own default is four times as many: of 100,000 vectors, nearly all. */
const VECTORS_PER_PARTITION = 64
/** Where an index does not fit into the cache each vector that is looked for holds what it reads of it by itself: 120 MB of a million passages. */
const AT_ONCE_UNCACHED = 4
/** Of a number of a vector, in half precision. */
const BYTES = 2
/** Partitions that a search reads: LanceDB's own number first, more until enough is found. */
const PROBES = [20, 40, 80, 160, 320, 640]
const TARGET_RECALL = 0.99
/** Stored vectors that are looked for, and neighbours of each. */
const SAMPLED = 50
const NEIGHBOURS = 10

const NoteSchema = z.object({ rows: z.number(), probes: z.number(), recall: z.number() })

/** What is known of a table's vector index: the passages it was made of, the partitions that a search reads, and the share of the nearest ten that it finds so. */
export type VectorIndexNote = z.infer<typeof NoteSchema>

export interface VectorIndices {
  /** How a search of this generation reads its index; undefined where there is none that was measured, and a search is exact. */
  reading(generation: Generation): Promise<IndexReading | undefined>
  /** Makes the index where a table is large enough that an exact scan is slow, and anew where it has outgrown it. @returns whether it is to be measured */
  ensure(generation: Generation, tables: GenerationTables): Promise<boolean>
  /** Finds out how much of the index a search has to read. */
  measure(generation: Generation, tables: GenerationTables): Promise<void>
  drop(generation: Generation): Promise<void>
}

/** Notes lie beside the tables. One that is missing or unreadable costs exact searches until a new index is made, nothing else. */
export function createVectorIndices(folder: string, cacheBytes: number): VectorIndices {
  const notes = new Map<string, VectorIndexNote | null>()
  const fileOf = (generation: Generation): string => join(folder, `${tableNames(generation).passages}.index.json`)

  const noteOf = async (generation: Generation): Promise<VectorIndexNote | null> => {
    const known = notes.get(generation.id)
    if (known !== undefined) return known
    const note = await readFile(fileOf(generation), 'utf8').then(text => NoteSchema.parse(JSON.parse(text)), () => null)
    notes.set(generation.id, note)
    return note
  }

  const atOnce = (rows: number, { dimensions }: Generation): number => (rows * dimensions * BYTES <= cacheBytes ? Infinity : AT_ONCE_UNCACHED)

  return {
    async reading(generation) {
      const note = await noteOf(generation)
      return note === null ? undefined : { probes: note.probes, atOnce: atOnce(note.rows, generation) }
    },

    async ensure(generation, tables) {
      const [rows, note] = [await tables.passages.countRows(), await noteOf(generation)]
      if (rows < LARGE_PASSAGES || (note !== null && rows < note.rows * GROWTH && await hasIndex(tables.passages))) return false
      // What is noted of the former one says nothing of this: until it is measured a search is exact, also after a crash in between.
      await rm(fileOf(generation), { force: true })
      await retryConflicts(() => tables.passages.createIndex('embedding', { config: Index.ivfFlat({ distanceType: 'cosine', sampleRate: VECTORS_PER_PARTITION }) }))
      notes.set(generation.id, null)
      return true
    },

    async measure(generation, tables) {
      const rows = await tables.passages.countRows()
      const measured = { rows, ...await measure(tables, atOnce(rows, generation)) }
      await writeFile(fileOf(generation), JSON.stringify(measured), { mode: 0o600 })
      notes.set(generation.id, measured)
    },

    async drop(generation) {
      notes.delete(generation.id)
      await rm(fileOf(generation), { force: true })
    },
  }
}

const hasIndex = async (table: Table): Promise<boolean> => (await table.listIndices()).some(({ columns }) => columns.includes('embedding'))

/** The fewest partitions with which enough of what an exact scan finds is found; else as many as are tried. */
async function measure(tables: GenerationTables, atOnce: number): Promise<Pick<VectorIndexNote, 'probes' | 'recall'>> {
  const vectors = (await samplePassages(tables, SAMPLED)).map(({ embedding }) => embedding)
  const nearest = (options: { exact: true } | { index: IndexReading }): Promise<PassageCandidate[][]> => nearestPassages(tables.passages, vectors, { limit: NEIGHBOURS, filter: {}, ...options })
  const exact = await nearest({ exact: true })
  let best = { probes: 0, recall: 0 }
  for (const probes of PROBES) {
    best = { probes, recall: recallOf(exact, await nearest({ index: { probes, atOnce } })) }
    if (best.recall >= TARGET_RECALL) break
  }
  return best
}

/** By score: of equally near passages either is right. */
function recallOf(exact: readonly PassageCandidate[][], found: readonly PassageCandidate[][]): number {
  const shares = exact.map((nearest, index) => {
    const last = nearest.at(-1)?.score ?? 0
    return Math.min(1, (found[index] ?? []).filter(({ score }) => score >= last - EQUAL_COSINES).length / Math.max(1, nearest.length))
  })
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length)
}
