import { rm } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { connect, Session, type Connection, type Table } from '@lancedb/lancedb'
import type { Field, Schema } from 'apache-arrow'
import PQueue from 'p-queue'
import { SimilarityError } from '@datashare-similarity/shared'
import { boundContext } from '../../log.ts'
import type { Generation } from '../generation.ts'
import { isMissing, toSimilarityError } from './faults.ts'
import { documentsSchema, passagesSchema, tableNames } from './schema.ts'
import { openSpill } from './spill.ts'

export interface GenerationTables {
  readonly passages: Table
  readonly documents: Table
}

/** A read in progress: while it is not disposed of, the version that it reads stays on disk. */
export interface Reading extends Disposable {
  readonly tables: GenerationTables
}

interface Opened {
  tables: Promise<GenerationTables>
  readonly writes: PQueue
  readonly reads: Set<Date>
}

/** What LanceDB keeps of indices and of files' metadata, for all tables of a size together. Its own defaults are several gigabytes. */
export interface CacheBytes {
  readonly index: bigint
  readonly metadata: bigint
}

const MEGABYTE = 1024 * 1024
/** Enough for the words of small projects. What a chain has replaced stays in them until they are full: more would only make the process larger. */
const USUAL: CacheBytes = { index: BigInt(32 * MEGABYTE), metadata: BigInt(16 * MEGABYTE) }
/** So many passages have an index of vectors, and with it caches of their own: with the usual ones it would be read anew for every search. */
export const LARGE_PASSAGES = 20_000

/**
 * A million passages are searched by meaning in 60 ms where their index is kept whole, and in 900
 * where it is not: so up to 2 GB, as far as that is an eighth of what the machine, or the container, has.
 */
function largeCaches(usual: CacheBytes): CacheBytes {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  const index = BigInt(Math.min(2_048 * MEGABYTE, Math.floor(memory / 8)))
  return index > usual.index ? { ...usual, index } : usual
}

/**
 * The pairs of tables in a folder, one per generation. Writes to a pair run one at a time: LanceDB keeps
 * both rows where two writers insert the same new key.
 */
export async function openTables(folder: string, cacheBytes = USUAL) {
  const spill = await openSpill(folder)
  // Zero: a read always sees the last commit.
  const connectWith = ({ index, metadata }: CacheBytes): Promise<Connection> => connect(folder, { readConsistencyInterval: 0, session: new Session(index, metadata) })
  const connection = await connectWith(cacheBytes)
  const ofLarge = largeCaches(cacheBytes)
  let large: Promise<Connection> | undefined
  const opened = new Map<string, Opened>()
  const dropped = new Set<string>()

  function open(generation: Generation): Opened {
    const known = opened.get(generation.id)
    if (known !== undefined) return known
    const entry = { tables: openPair(generation), writes: new PQueue({ concurrency: 1 }), reads: new Set<Date>() }
    opened.set(generation.id, entry)
    // A pair that is not there now may be made later.
    entry.tables.catch(() => { if (opened.get(generation.id) === entry) opened.delete(generation.id) })
    return entry
  }

  async function openPair(generation: Generation): Promise<GenerationTables> {
    const names = tableNames(generation)
    const passages = await connection.openTable(names.passages)
    if (await passages.countRows() < LARGE_PASSAGES) return { passages, documents: await connection.openTable(names.documents) }
    large ??= connectWith(ofLarge)
    const home = await large
    return { passages: await home.openTable(names.passages), documents: await home.openTable(names.documents) }
  }

  function faultOf(generation: Generation, error: unknown): SimilarityError {
    return isMissing(error) && dropped.has(generation.id) ? new SimilarityError('generation_changed') : toSimilarityError(error)
  }

  async function reading(generation: Generation): Promise<Reading> {
    const { tables, reads } = open(generation)
    const startedAt = new Date()
    const pair = await tables.catch((error: unknown) => { throw faultOf(generation, error) })
    reads.add(startedAt)
    return { tables: pair, [Symbol.dispose]: () => { reads.delete(startedAt) } }
  }

  return {
    faultOf,
    reading,
    /** What is kept of the indices of all large tables together. */
    largeCacheBytes: Number(ofLarge.index),

    async create(generation: Generation): Promise<void> {
      const names = tableNames(generation)
      try {
        await connection.createEmptyTable(names.passages, passagesSchema(generation.dimensions), { existOk: true })
        await connection.createEmptyTable(names.documents, documentsSchema, { existOk: true })
        dropped.delete(generation.id)
      } catch (error) {
        throw faultOf(generation, error)
      }
    },

    /** Whether its tables have the columns that are expected; also where there are none yet. */
    async fit(generation: Generation): Promise<boolean> {
      const names = tableNames(generation)
      const layouts = [[names.passages, passagesSchema(generation.dimensions)], [names.documents, documentsSchema]] as const
      try {
        for (const [name, expected] of layouts) {
          if (layoutOf(await (await connection.openTable(name)).schema()) !== layoutOf(expected)) return false
        }
        return true
      } catch (error) {
        if (isMissing(error)) return true
        throw faultOf(generation, error)
      }
    },

    async read<T>(generation: Generation, work: (tables: GenerationTables) => Promise<T>): Promise<T> {
      using current = await reading(generation)
      try {
        return await work(current.tables)
      } catch (error) {
        throw faultOf(generation, error)
      }
    },

    /** Runs after every write that was asked for before. `oldestRead` is when the oldest read in progress began, else now. */
    async write<T>(generation: Generation, work: (tables: GenerationTables, oldestRead: () => Date) => Promise<T>): Promise<T> {
      const { tables, writes, reads } = open(generation)
      const oldestRead = (): Date => new Date(Math.min(Date.now(), ...[...reads].map(Number)))
      try {
        return await writes.add(boundContext(() => spill.during(async () => work(await tables, oldestRead))))
      } catch (error) {
        throw faultOf(generation, error)
      }
    },

    /** Opens a pair anew, which may have grown large. */
    async reopen(generation: Generation): Promise<void> {
      const entry = opened.get(generation.id)
      if (entry === undefined) return
      const anew = openPair(generation)
      await anew.catch((error: unknown) => { throw faultOf(generation, error) })
      entry.tables = anew
    },

    /** Removes the folders of the tables, whatever lies in them. */
    async drop(generation: Generation): Promise<void> {
      const names = Object.values(tableNames(generation))
      const entry = opened.get(generation.id)
      dropped.add(generation.id)
      opened.delete(generation.id)
      const remove = async (): Promise<void> => {
        for (const name of names) await rm(join(folder, `${name}.lance`), { recursive: true, force: true })
      }
      try {
        await (entry === undefined ? remove() : entry.writes.add(remove))
      } catch (error) {
        throw faultOf(generation, error)
      }
    },

    async close(): Promise<void> {
      await Promise.all([...opened.values()].map(({ writes }) => writes.onIdle()))
      opened.clear()
      connection.close()
      if (large !== undefined) (await large).close()
    },
  }
}

/** By name: the order of columns means nothing. */
const layoutOf = ({ fields }: Schema): string => fields.map(({ name, type }: Field) => `${name}: ${String(type)}`).sort().join(', ')

export type Tables = Awaited<ReturnType<typeof openTables>>
