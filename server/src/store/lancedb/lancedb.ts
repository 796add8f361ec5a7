import './environment.ts'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import type { GrantedProject } from '../../datashare/access.ts'
import type { Logger } from '../../log.ts'
import { checkDocument, checkQuery, demandOwn } from '../checks.ts'
import type { Generation } from '../generation.ts'
import { likelyCopiesOfEach } from '../likely-copies.ts'
import { WRITE_PASSAGES, type VectorStore } from '../store.ts'
import { toSimilarityError } from './faults.ts'
import { copiesFilter, ofDocuments, ofStatus } from './filter.ts'
import { compact, ensureIndices, rebuildTextIndices } from './maintenance.ts'
import { rewriteRemoved } from './purge.ts'
import { DOCUMENT_ROW_COLUMNS, STORED_PASSAGE_COLUMNS, toDocumentRows, toStoredPassages } from './reading.ts'
import { tableNames } from './schema.ts'
import { documentsByStems, documentsWithPhrases, identitiesWhere, nearestPassages, passagesByWords } from './search.ts'
import { samplePassages, statisticsOf } from './statistics.ts'
import { openTables, type CacheBytes, type GenerationTables, type Tables } from './tables.ts'
import { createVectorIndices, type VectorIndices } from './vector-index.ts'
import { removeDocuments, replaceDocuments, touchDocuments } from './writing.ts'

/**
 * In a long vectorization versions and small files pile up, and rows that no text index covers yet are read
 * anew for every word and phrase: so compact after this many batches, or passages that are a tenth of the table.
 * A compaction reads the whole table: in one of millions it comes after more batches, as many as write such a tenth.
 */
const BATCHES_PER_COMPACTION = 256
const PASSAGES_PER_COMPACTION = 5_000
const COMPACTION_PASSES = 6

/**
 * Opens the embedded store: LanceDB tables in `folder`, which it makes, readable by its owner alone.
 * One process at a time may hold a folder: the caller sees to that.
 * @throws SimilarityError store_unreadable | disk_full
 */
export async function openLanceStore({ folder, log, cacheBytes }: { folder: string, log: Logger, cacheBytes?: CacheBytes | undefined }): Promise<VectorStore> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    const tables = await openTables(folder, cacheBytes)
    const vectorIndices = createVectorIndices(folder, tables.largeCacheBytes)
    return { kind: 'lancedb', ...writing(tables, vectorIndices, folder, log), ...readingForTasks(tables, folder), ...readingForPeople(tables, vectorIndices), ping: () => checkWritable(folder), close: () => tables.close() }
  } catch (error) {
    throw toSimilarityError(error)
  }
}

type Writing = Pick<VectorStore, 'create' | 'fits' | 'replace' | 'touch' | 'remove' | 'maintain' | 'drop'>

function writing(tables: Tables, vectorIndices: VectorIndices, folder: string, log: Logger): Writing {
  const sinceCompaction = new Map<string, { batches: number, passages: number }>()

  async function compactBoth(generation: Generation): Promise<boolean> {
    const startedAt = performance.now()
    const changed = await tables.write(generation, async ({ passages, documents }, oldestRead) =>
      [await compact(passages, oldestRead), await compact(documents, oldestRead)].includes(true))
    log.debug({ generation: generation.id, milliseconds: Math.round(performance.now() - startedAt) }, 'compacted the vector store')
    return changed
  }

  /** What was written stays written: a compaction that failed is made up for by the next one. Only what comes back is waited for. */
  function goOnWithout({ id }: Generation, error: unknown): void {
    if (!(error instanceof SimilarityError) || error.entry.waitFor !== undefined || error.code === 'shutting_down') throw error
    log.warn({ generation: id, code: error.code }, 'the vector store could not be compacted')
  }

  /** Each pass takes away what the one before has made old, until nothing is left to do. */
  async function compactWholly(generation: Generation, signal: AbortSignal | undefined): Promise<void> {
    for (let pass = 0, changed = true; changed && pass < COMPACTION_PASSES; pass++) {
      signal?.throwIfAborted()
      changed = await compactBoth(generation)
    }
  }

  /** @returns whether bytes of removed or replaced documents were left, which now are only in old versions */
  async function purgeRemoved(generation: Generation): Promise<boolean> {
    const names = tableNames(generation)
    return await tables.write(generation, async (pair) => {
      const hadRemoved = [await rewriteRemoved(folder, names.passages, pair.passages), await rewriteRemoved(folder, names.documents, pair.documents)].includes(true)
      if (hadRemoved) await rebuildTextIndices(pair)
      return hadRemoved
    })
  }

  function isCompactionDue({ id }: Generation, written: number, total: number): boolean {
    const before = sinceCompaction.get(id) ?? { batches: 0, passages: 0 }
    const since = { batches: before.batches + 1, passages: before.passages + written }
    const tenth = Math.max(PASSAGES_PER_COMPACTION, total / 10)
    const isDue = since.passages >= tenth || since.batches >= Math.max(BATCHES_PER_COMPACTION, tenth / WRITE_PASSAGES)
    sinceCompaction.set(id, isDue ? { batches: 0, passages: 0 } : since)
    return isDue
  }

  return {
    async create(generation) {
      await tables.create(generation)
      await tables.write(generation, ensureIndices)
    },

    fits: generation => tables.fit(generation),

    async replace(generation, documents) {
      if (documents.length === 0) return
      for (const document of documents) checkDocument(document, generation)
      const total = await tables.write(generation, async (pair) => {
        await replaceDocuments(pair, generation.dimensions, documents)
        return await pair.passages.countRows()
      })
      const written = documents.reduce((sum, { passages }) => sum + passages.length, 0)
      if (isCompactionDue(generation, written, total)) await compactBoth(generation).catch((error: unknown) => goOnWithout(generation, error))
    },

    async touch(generation, rows) {
      if (rows.length > 0) await tables.write(generation, pair => touchDocuments(pair, rows))
    },

    async remove(generation, documentIds) {
      if (documentIds.length > 0) await tables.write(generation, pair => removeDocuments(pair, documentIds))
    },

    async maintain(generation, signal) {
      signal?.throwIfAborted()
      await tables.write(generation, ensureIndices)
      const hasNewIndex = await tables.write(generation, pair => vectorIndices.ensure(generation, pair))
      await compactWholly(generation, signal)
      if (await purgeRemoved(generation)) await compactWholly(generation, signal)
      await tables.reopen(generation)
      // With the caches that it is searched with: without them each vector that is looked for would hold what it reads of the index by itself.
      if (hasNewIndex) await tables.read(generation, pair => vectorIndices.measure(generation, pair))
    },

    async drop(generation) {
      sinceCompaction.delete(generation.id)
      await tables.drop(generation)
      await vectorIndices.drop(generation)
    },
  }
}

type ReadingForTasks = Pick<VectorStore, 'rows' | 'samplePassages' | 'statistics'>

const readingForTasks = (tables: Tables, folder: string): ReadingForTasks => ({
  async* rows(generation, documentIds) {
    using current = await tables.reading(generation)
    try {
      const query = current.tables.documents.query().select(DOCUMENT_ROW_COLUMNS)
      for await (const batch of documentIds === undefined ? query : query.where(ofDocuments(documentIds))) yield toDocumentRows(batch)
    } catch (error) {
      throw tables.faultOf(generation, error)
    }
  },
  samplePassages: (generation, size) => tables.read(generation, pair => samplePassages(pair, size)),
  statistics: generation => tables.read(generation, pair => statisticsOf(folder, generation, pair)),
})

type ReadingForPeople = Pick<VectorStore, 'meaning' | 'words' | 'documentWords' | 'withPhrases' | 'passagesOf' | 'row' | 'rowsByStatus' | 'identitiesOf' | 'likelyCopiesOf'>

function readingForPeople(tables: Tables, vectorIndices: VectorIndices): ReadingForPeople {
  async function read<T>(project: GrantedProject, generation: Generation, work: (tables: GenerationTables) => Promise<T>): Promise<T> {
    demandOwn(project, generation)
    return await tables.read(generation, work)
  }

  return {
    async meaning(project, generation, embeddings, options) {
      for (const embedding of embeddings) checkQuery(embedding, generation)
      const index = await vectorIndices.reading(generation)
      return await read(project, generation, ({ passages }) => nearestPassages(passages, embeddings, { ...options, index }))
    },
    words: (project, generation, query, options) => read(project, generation, ({ passages }) => passagesByWords(passages, query, options)),
    documentWords: (project, generation, stems, options) => read(project, generation, ({ documents }) => documentsByStems(documents, stems, options)),
    withPhrases: (project, generation, phrases, options) => read(project, generation, ({ documents }) => documentsWithPhrases(documents, phrases, options)),

    passagesOf: (project, generation, documentId) => read(project, generation, async ({ passages }) => {
      const answer = await passages.query().where(ofDocuments([documentId])).select(STORED_PASSAGE_COLUMNS).toArrow()
      return toStoredPassages(answer).sort((a, b) => a.ordinal - b.ordinal)
    }),
    row: (project, generation, documentId) => read(project, generation, async ({ documents }) => {
      const answer = await documents.query().where(ofDocuments([documentId])).select(DOCUMENT_ROW_COLUMNS).limit(1).toArrow()
      return toDocumentRows(answer)[0] ?? null
    }),
    rowsByStatus: (project, generation, status, { from, size }) => read(project, generation, async ({ documents }) => {
      const total = await documents.countRows(ofStatus(status))
      if (size === 0 || from >= total) return { rows: [], total }
      const answer = await documents.query().where(ofStatus(status)).orderBy({ columnName: 'documentId', ascending: true })
        .select(DOCUMENT_ROW_COLUMNS).offset(from).limit(size).toArrow()
      return { rows: toDocumentRows(answer), total }
    }),
    identitiesOf: (project, generation, documentIds) => read(project, generation, ({ documents }) => identitiesWhere(documents, ofDocuments(documentIds))),
    likelyCopiesOf: (project, generation, texts, limit) => read(project, generation, ({ documents }) =>
      likelyCopiesOfEach(texts, limit, (some, most) => identitiesWhere(documents, copiesFilter(some), most))),
  }
}

async function checkWritable(folder: string): Promise<void> {
  const probe = join(folder, '.writable')
  try {
    await writeFile(probe, '', { mode: 0o600 })
    // Somebody else may look at the same time.
    await rm(probe, { force: true })
  } catch (error) {
    throw toSimilarityError(error)
  }
}
