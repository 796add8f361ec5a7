import { hash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@elastic/elasticsearch'
import { SimilarityError } from '@datashare-similarity/shared'
import type { GrantedProject } from '../../datashare/access.ts'
import { openClient, pagesOf, pingElasticsearch, type ElasticsearchConnection } from '../../datashare/elasticsearch-client.ts'
import type { Logger } from '../../log.ts'
import { checkDocument, checkQuery, demandOwn } from '../checks.ts'
import type { Generation } from '../generation.ts'
import type { VectorStore } from '../store.ts'
import { ofDocuments, ROWS } from './filter.ts'
import { createIndices, type Indices } from './indices.ts'
import { indexNames, vectorIndexOf, type VectorIndex } from './layout.ts'
import { ROW_FIELDS, toRow } from './reading.ts'
import { documentsByStems, documentsWithPhrases, identitiesOf, likelyCopiesOf, nearestPassages, passagesByWords, passagesOf, rowOf, rowsByStatus, type Reading } from './search.ts'
import { samplePassages, statisticsOf } from './statistics.ts'
import { removeDocuments, replaceDocuments, touchDocuments, type Writing } from './writing.ts'

export interface ElasticsearchStoreOptions extends ElasticsearchConnection {
  readonly log: Logger
  /** How long a start waits for an Elasticsearch that is itself just starting. */
  readonly waitAtStart?: number
}

const WAIT_AT_START = 60_000
const PAUSE_AT_START = 1_000
const ROWS_PAGE = 1_000
/** A merge of a large index takes its time; whoever is stopped meanwhile does not wait for it. */
const MERGE_TIMEOUT = 12 * 3_600_000

/**
 * Opens the store in a cluster of Elasticsearch: indices of the companion's own, beside those of Datashare, which it never touches.
 * @throws SimilarityError elasticsearch_too_old | elasticsearch_unreachable | elasticsearch_refused | configuration_wrong
 */
export async function openElasticsearchStore(options: ElasticsearchStoreOptions): Promise<VectorStore> {
  const client = await openClient(options)
  try {
    return createStore(client, await versionOf(client, options))
  } catch (error) {
    await client.close()
    throw error
  }
}

interface Version { readonly major: number, readonly minor: number }

async function versionOf(client: Client, { log, waitAtStart = WAIT_AT_START }: ElasticsearchStoreOptions): Promise<Version> {
  const deadline = performance.now() + waitAtStart
  const never = new AbortController().signal
  for (let isFirst = true; ; isFirst = false) {
    try {
      return supported(await pingElasticsearch(client, never))
    } catch (error) {
      if (!(error instanceof SimilarityError) || error.code !== 'elasticsearch_unreachable' || performance.now() > deadline) throw error
      if (isFirst) log.warn({ seconds: waitAtStart / 1_000 }, 'Elasticsearch does not answer yet; waiting for it')
      await pause(PAUSE_AT_START)
    }
  }
}

/** @throws SimilarityError elasticsearch_too_old | elasticsearch_refused where the account may not ask for the version */
export function supported(version: string | null): Version {
  if (version === null) throw new SimilarityError('elasticsearch_refused', { detail: 'As the vector store Elasticsearch must tell its version: the account needs the right "monitor" on the cluster.' })
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 8 || (major === 8 && minor < 12)) throw new SimilarityError('elasticsearch_too_old', { detail: `As the vector store Elasticsearch must have version 8.12 or later; this one has ${version}.` })
  return { major, minor }
}

function createStore(client: Client, version: Version): VectorStore {
  const closing = new AbortController()
  const { signal } = closing
  const vectorsOf = (generation: Generation): VectorIndex => vectorIndexOf(version, generation)
  const indices = createIndices({ client, vectorsOf, signal })
  const reading = (generation: Generation): Reading => ({ client, generation, vectors: vectorsOf(generation), signal })
  return {
    kind: 'elasticsearch',
    ...writing(client, indices, signal),
    ...readingForTasks(client, indices, reading, signal),
    ...readingForPeople(indices, reading),
    ping: async () => { await pingElasticsearch(client, signal) },
    async close() {
      closing.abort(new SimilarityError('shutting_down'))
      await indices.idle()
      await client.close()
    },
  }
}

type WritingPart = Pick<VectorStore, 'create' | 'fits' | 'replace' | 'touch' | 'remove' | 'maintain' | 'drop'>

function writing(client: Client, indices: Indices, signal: AbortSignal): WritingPart {
  const write = (generation: Generation, work: (parts: Writing) => Promise<void>): Promise<void> => indices.write(generation, () => work({ client, generation, signal }))
  return {
    create: generation => indices.create(generation),
    fits: generation => indices.fit(generation),
    async replace(generation, documents) {
      if (documents.length === 0) return
      for (const document of documents) checkDocument(document, generation)
      await write(generation, parts => replaceDocuments(parts, documents))
    },
    async touch(generation, rows) {
      if (rows.length > 0) await write(generation, parts => touchDocuments(parts, rows))
    },
    async remove(generation, documentIds) {
      if (documentIds.length > 0) await write(generation, parts => removeDocuments(parts, documentIds))
    },
    async maintain(generation, asked) {
      asked?.throwIfAborted()
      const either = asked === undefined ? signal : AbortSignal.any([asked, signal])
      const index = Object.values(indexNames(generation))
      // Not in turn with writes: Elasticsearch merges beside them. What was begun goes on there when nobody waits any more.
      await indices.read(generation, async () => {
        await client.indices.flush({ index }, { signal: either })
        await client.indices.forcemerge({ index, only_expunge_deletes: true }, { requestTimeout: MERGE_TIMEOUT, maxRetries: 0, signal: either })
      }).catch((error: unknown) => { throw asked?.aborted === true ? asked.reason : error })
    },
    drop: generation => indices.drop(generation),
  }
}

type ReadingForTasks = Pick<VectorStore, 'rows' | 'samplePassages' | 'statistics'>

const readingForTasks = (client: Client, indices: Indices, reading: (generation: Generation) => Reading, signal: AbortSignal): ReadingForTasks => ({
  async* rows(generation, documentIds) {
    await indices.trust(generation)
    const filter = documentIds === undefined ? [ROWS] : [ROWS, ofDocuments(documentIds)]
    try {
      for await (const page of pagesOf(client, { index: indexNames(generation).documents, query: { bool: { filter } }, fields: ROW_FIELDS, size: ROWS_PAGE }, signal)) yield page.map(toRow)
    } catch (error) {
      throw indices.faultOf(generation, error)
    }
  },
  samplePassages: (generation, size) => indices.read(generation, () => samplePassages(reading(generation), size)),
  statistics: generation => indices.read(generation, () => statisticsOf(reading(generation))),
})

type ReadingForPeople = Pick<VectorStore, 'meaning' | 'words' | 'documentWords' | 'withPhrases' | 'passagesOf' | 'row' | 'rowsByStatus' | 'identitiesOf' | 'likelyCopiesOf'>

/** The same for all that one caller asks of a generation; others are spread over all copies. A login is not told. */
const copiesFor = ({ caller }: GrantedProject, { id }: Generation): string => hash('sha256', `${caller.uid} ${id}`, 'hex').slice(0, 16)

function readingForPeople(indices: Indices, reading: (generation: Generation) => Reading): ReadingForPeople {
  async function read<T>(project: GrantedProject, generation: Generation, work: (parts: Reading) => Promise<T>): Promise<T> {
    demandOwn(project, generation)
    return await indices.read(generation, () => work({ ...reading(generation), preference: copiesFor(project, generation) }))
  }
  return {
    async meaning(project, generation, embeddings, options) {
      for (const embedding of embeddings) checkQuery(embedding, generation)
      return await read(project, generation, parts => Promise.all(embeddings.map(embedding => nearestPassages(parts, embedding, options))))
    },
    words: (project, generation, query, options) => read(project, generation, parts => passagesByWords(parts, query, options)),
    documentWords: (project, generation, stems, options) => read(project, generation, parts => documentsByStems(parts, stems, options)),
    withPhrases: (project, generation, phrases, options) => read(project, generation, parts => documentsWithPhrases(parts, phrases, options)),
    passagesOf: (project, generation, documentId) => read(project, generation, parts => passagesOf(parts, documentId)),
    row: (project, generation, documentId) => read(project, generation, parts => rowOf(parts, documentId)),
    rowsByStatus: (project, generation, status, page) => read(project, generation, parts => rowsByStatus(parts, status, page)),
    identitiesOf: (project, generation, documentIds) => read(project, generation, parts => identitiesOf(parts, documentIds)),
    likelyCopiesOf: (project, generation, texts, limit) => read(project, generation, parts => likelyCopiesOf(parts, texts, limit)),
  }
}
