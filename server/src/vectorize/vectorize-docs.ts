import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { SimilarityError } from '@datashare-similarity/shared'
import type { DocumentSource, SourceDocument } from '../datashare/source.ts'
import type { Embedder } from '../embedding/embedder.ts'
import { fingerprintOf } from '../passages/fingerprint.ts'
import type { Generation } from '../store/generation.ts'
import { WRITE_PASSAGES, type DocumentRow, type DocumentWrite, type StoredPassage, type VectorStore } from '../store/store.ts'
import { stemsOfContent } from '../words/stems.ts'
import { EMPTY_OUTCOME, weigh, type BatchOutcome } from './outcome.ts'
import type { Patiently } from './patience.ts'
import type { PlannedDocument } from './settle.ts'

/** Characters that are gathered for a write, beside so many passages. */
const WRITE_CHARACTERS = 4_000_000
/** A slow machine writes smaller groups, so that counts move while somebody looks. */
const WRITE_MS = 3_000
/** The embedder itself tries each of them twice. */
const EMBEDDING_ATTEMPTS = 2

export interface VectorizeDocs {
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedder: Embedder
  readonly generation: Generation
  readonly signal: AbortSignal
  readonly patiently: Patiently
  /** Called after each write, with what it wrote. */
  readonly onWritten: (outcome: BatchOutcome) => Promise<void>
  /** Characters that are embedded, but not written yet. */
  readonly onEmbedded: (characters: number) => void
}

/** Vectorizes a batch: contents one after another, written in groups. What fails is the document's own, the rest goes on. */
export async function vectorizeDocs(context: VectorizeDocs, documents: readonly PlannedDocument[]): Promise<void> {
  const pending = new Map(documents.map(document => [document.id, document]))
  const group = createWriteGroup(context)
  for await (const document of contents(context, pending)) {
    const planned = pending.get(document.id)
    if (planned === undefined) continue
    pending.delete(document.id)
    await group.add(planned, await vectorizeDocument(context, planned, document, group.weight()))
  }
  await group.write()
  await settleGone(context, [...pending.values()])
}

/** The contents of what is pending; after an outage it goes on with what is still pending then. */
async function* contents({ source, generation, signal, patiently }: VectorizeDocs, pending: ReadonlyMap<string, PlannedDocument>): AsyncGenerator<SourceDocument> {
  let documents: AsyncIterator<SourceDocument> | undefined
  try {
    for (;;) {
      const next = await patiently(async () => {
        documents ??= source.fetch(generation.project, [...pending.values()], signal)[Symbol.asyncIterator]()
        try {
          return await documents.next()
        } catch (error) {
          documents = undefined
          throw error
        }
      })
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await documents?.return?.()
  }
}

type Vectorized = { readonly touch: SourceDocument } | { readonly write: DocumentWrite }

async function vectorizeDocument(context: VectorizeDocs, planned: PlannedDocument, document: SourceDocument, weightBefore: number): Promise<Vectorized> {
  const contentHash = createHash('sha256').update(document.content).digest('hex')
  if (contentHash === planned.storedHash) return { touch: document }
  if (document.content.trim() === '') return { write: toWrite(document, contentHash, 'empty') }
  try {
    const passages = await embedDocument(context, planned, document, weightBefore)
    const fingerprint = await fingerprintOf(document.content, context.signal)
    return { write: { ...toWrite(document, contentHash, 'vectorized', passages), stems: await stemsOf(document), fingerprint } }
  } catch (error) {
    if (context.signal.aborted || !isOwnFault(error)) throw error
    return { write: toWrite(document, contentHash, 'failed') }
  }
}

/**
 * Where the model's process dies of a document again and again, though it answers for another text, it is this document that brings it down.
 * @throws SimilarityError document_failed
 */
async function embedDocument(context: VectorizeDocs, planned: PlannedDocument, document: SourceDocument, weightBefore: number): Promise<StoredPassage[]> {
  for (let attempt = 1; attempt <= EMBEDDING_ATTEMPTS; attempt++) {
    const passages = await context.patiently(() => tryDocument(context, planned, document, weightBefore))
    if (passages !== null) return passages
    await context.patiently(() => demandAnswer(context))
  }
  throw new SimilarityError('document_failed')
}

/** Null where the process died of it. */
async function tryDocument({ embedder, signal, onEmbedded }: VectorizeDocs, planned: PlannedDocument, { content }: SourceDocument, weightBefore: number): Promise<StoredPassage[] | null> {
  const passages: StoredPassage[] = []
  try {
    for await (const group of embedder.passages(content, signal)) {
      passages.push(...group)
      onEmbedded(weightBefore + Math.round(weigh(planned) * (passages.at(-1)?.end ?? 0) / content.length))
    }
    return passages
  } catch (error) {
    // One that must not be started again yet has not seen the document.
    const hasTried = error instanceof SimilarityError && error.code === 'embedder_unavailable' && error.retryAfterSeconds === undefined
    if (signal.aborted || !hasTried) throw error
    return null
  }
}

/** @throws SimilarityError embedder_unavailable */
async function demandAnswer({ embedder, signal }: VectorizeDocs): Promise<void> {
  let answered = 0
  for await (const group of embedder.passages('Does the model answer?', signal)) answered += group.length
  if (answered === 0) throw new SimilarityError('embedder_unavailable')
}

/** False for what is wrong with the whole step: the outage of a dependency, the model's files, the data folder. */
const isOwnFault = (error: unknown): boolean =>
  !(error instanceof SimilarityError) || error.code === 'document_failed' || error.code === 'internal'

/** In pieces, so that a search never waits for a long document. */
async function stemsOf({ content, language }: SourceDocument): Promise<string> {
  const pieces: string[] = []
  for (const piece of stemsOfContent(content, language)) {
    pieces.push(piece)
    await turn()
  }
  return pieces.join(' ')
}

function toWrite(document: SourceDocument, contentHash: string, status: DocumentRow['status'], passages: readonly StoredPassage[] = []): DocumentWrite {
  const { id, rootId, extractionDate, title, path, dirname, contentType, language, creationDate, truncated } = document
  return {
    row: {
      documentId: id, rootId, extractionDate, contentHash, status, reason: status === 'failed' ? 'document_failed' : null,
      passages: passages.length, truncated, language, vectorizedAt: new Date().toISOString(),
    },
    title, path, dirname, contentType, creationDate,
    content: status === 'vectorized' ? document.content : '',
    stems: '',
    fingerprint: null,
    passages,
  }
}

interface WriteGroup {
  /** Writes when enough is gathered. */
  add(planned: PlannedDocument, vectorized: Vectorized): Promise<void>
  write(): Promise<void>
  /** Of what is gathered. */
  weight(): number
}

function createWriteGroup({ store, generation, patiently, signal, onWritten, onEmbedded }: VectorizeDocs): WriteGroup {
  let writes: DocumentWrite[] = []
  let touches: SourceDocument[] = []
  let weight = { writes: 0, touches: 0 }
  let writtenAt = performance.now()

  const write = async (): Promise<void> => {
    if (writes.length + touches.length === 0) return
    if (writes.length > 0) await count(toOutcome(await patiently(() => replace(writes)), weight.writes))
    if (touches.length > 0) {
      await patiently(() => store.touch(generation, touches.map(({ id, extractionDate }) => ({ documentId: id, extractionDate }))))
      await count({ ...EMPTY_OUTCOME, done: touches.length, weight: weight.touches })
    }
    onEmbedded(0)
    writes = []
    touches = []
    weight = { writes: 0, touches: 0 }
    writtenAt = performance.now()
  }

  /** What is stored is counted, also where the chain was cancelled meanwhile. */
  const count = (outcome: BatchOutcome): Promise<void> => (signal.aborted ? onWritten(outcome) : patiently(() => onWritten(outcome)))

  /** A group that is refused for something in it is halved until what it is stands alone. */
  const replace = async (documents: readonly DocumentWrite[]): Promise<readonly DocumentWrite[]> => {
    try {
      await store.replace(generation, documents)
      return documents
    } catch (error) {
      if (signal.aborted || !isOwnFault(error)) throw error
      const [only] = documents
      if (documents.length > 1 || only === undefined) {
        const middle = Math.ceil(documents.length / 2)
        return [...await replace(documents.slice(0, middle)), ...await replace(documents.slice(middle))]
      }
      if (only.row.status === 'failed') throw error
      return replace([{ ...only, row: { ...only.row, status: 'failed', reason: 'document_failed', passages: 0 }, content: '', stems: '', fingerprint: null, passages: [] }])
    }
  }

  const gathered = (): number => weight.writes + weight.touches

  return {
    async add(planned, vectorized) {
      if ('touch' in vectorized) {
        touches.push({ ...vectorized.touch, content: '' })
        weight.touches += weigh(planned)
      } else {
        writes.push(vectorized.write)
        weight.writes += weigh(planned)
      }
      const passages = writes.reduce((sum, document) => sum + document.passages.length, 0)
      const characters = writes.reduce((sum, document) => sum + document.content.length, 0)
      const isLate = performance.now() - writtenAt >= WRITE_MS
      if (passages >= WRITE_PASSAGES || characters >= WRITE_CHARACTERS || isLate) await write()
      else onEmbedded(gathered())
    },
    write,
    weight: gathered,
  }
}

const toOutcome = (written: readonly DocumentWrite[], weight: number): BatchOutcome => {
  const rows = written.map(({ row }) => row)
  return {
    done: rows.filter(({ status }) => status === 'vectorized').length,
    empty: rows.filter(({ status }) => status === 'empty').length,
    gone: 0,
    passages: rows.reduce((sum, { passages }) => sum + passages, 0),
    weight,
    failures: rows.filter(({ status }) => status === 'failed').map(({ documentId }) => ({ documentId, code: 'document_failed' })),
  }
}

/** Deleted in Datashare since the scan. */
async function settleGone({ store, generation, patiently, onWritten }: VectorizeDocs, gone: readonly PlannedDocument[]): Promise<void> {
  if (gone.length === 0) return
  await patiently(() => store.remove(generation, gone.map(({ id }) => id)))
  const outcome = { ...EMPTY_OUTCOME, gone: gone.length, weight: gone.reduce((sum, document) => sum + weigh(document), 0) }
  await patiently(() => onWritten(outcome))
}
