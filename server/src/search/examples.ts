import { createHash } from 'node:crypto'
import { SimilarityError, type Example } from '@datashare-similarity/shared'
import type { Hydrator } from '../datashare/hydrate.ts'
import type { Embedder } from '../embedding/embedder.ts'
import { fingerprintOf } from '../passages/fingerprint.ts'
import type { StoredPassage, TextIdentity, VectorStore } from '../store/store.ts'
import { copiesOf, mostSimilarFirst, type FoundCopy } from './copies.ts'
import type { Embed } from './embed.ts'
import type { Probe, ProbeText, Scope } from './probe.ts'
import { representative, spread } from './representative.ts'
import { wordsOfExamples } from './words.ts'

interface Parts {
  readonly store: VectorStore
  readonly hydrator: Hydrator
  readonly embed: Embed
}

export interface Examples {
  readonly probe: Probe
  /** The example documents: never among results. */
  readonly documentIds: readonly string[]
  /** Their copies, the most similar first: never among results either. */
  readonly copies: readonly FoundCopy[]
}

interface Piece {
  readonly start: number
  readonly end: number
  readonly text: string
  /** Absent where it has to be embedded. */
  readonly embedding?: Float32Array
}

interface Resolved {
  readonly documentId: string | null
  readonly identity: TextIdentity
  /** All of its text where it was just read; then what stands for it. */
  readonly pieces: readonly Piece[]
}

/** Passages that stand for a document: more add little, and each is a search of its own. */
const PASSAGES_OF_ONE = 12
const PASSAGES_OF_ALL = 24
/** Of all examples together: a hundred pages and more, and still a moment's work. */
const LETTERS_FOR_WORDS = 400_000
/** Of a piece where there is no model that could cut a text into passages. */
const LETTERS_OF_PIECE = 10_000

/** Several examples make one probe, each with the same weight. */
export async function resolveExamples(parts: Parts, scope: Scope, examples: readonly Example[]): Promise<Examples> {
  await mustBeVisible(parts.hydrator, scope, examples)
  const most = Math.max(1, Math.min(PASSAGES_OF_ONE, Math.floor(PASSAGES_OF_ALL / examples.length)))
  const resolved: Resolved[] = []
  const words: string[] = []
  // One after another: of each only a part is kept.
  for (const example of examples) {
    const { pieces, ...rest } = await resolve(parts, scope, example)
    scope.signal.throwIfAborted()
    resolved.push({ ...rest, pieces: standingFor(pieces, most) })
    words.push(...withoutOverlap(sampled(pieces, LETTERS_FOR_WORDS / examples.length)))
  }
  const texts = await embedded(parts.embed, scope, resolved)
  const found = await copiesOf(parts.store, scope, resolved.map(({ identity }) => identity))
  const copies = resolved.map(({ documentId }, index) => ({ ofText: documentId === null, found: found[index] ?? [] }))
  const documentIds = [...new Set(resolved.flatMap(({ documentId }) => documentId ?? []))]
  return {
    probe: {
      texts,
      words: wordsOfExamples(words),
      isExample: true,
      required: [],
      copies: new Set(copies.flatMap(({ ofText, found }) => (ofText ? found.map(({ documentId }) => documentId) : []))),
    },
    documentIds,
    copies: bestOfEach(copies.flatMap(({ ofText, found }) => (ofText ? [] : found)).filter(({ documentId }) => !documentIds.includes(documentId))),
  }
}

/** A copy of several examples once, as similar as it is to the nearest. */
function bestOfEach(copies: readonly FoundCopy[]): FoundCopy[] {
  const best = new Map(copies.toSorted((a, b) => a.similarity - b.similarity).map(copy => [copy.documentId, copy]))
  return [...best.values()].sort(mostSimilarFirst)
}

/** The store knows documents that this caller may not see, or that are gone since: their text must not come back as evidence. */
async function mustBeVisible(hydrator: Hydrator, { project, signal }: Scope, examples: readonly Example[]): Promise<void> {
  const ids = [...new Set(examples.flatMap(example => ('documentId' in example ? [example.documentId] : [])))]
  if (ids.length === 0) return
  const visible = await hydrator.documents(project, ids, signal)
  if (!ids.every(id => visible.has(id))) throw new SimilarityError('document_unknown')
}

async function resolve(parts: Parts, scope: Scope, example: Example): Promise<Resolved> {
  if ('text' in example) return { documentId: null, identity: await identityOf(scope, example.text), pieces: await cut(parts.embed, scope, example.text) }
  const { documentId, passage } = example
  const [[identity], stored] = await Promise.all([
    parts.store.identitiesOf(scope.project, scope.generation, [documentId]),
    parts.store.passagesOf(scope.project, scope.generation, documentId),
  ])
  const vectorized = identity !== undefined && stored.length > 0 ? { identity, stored } : null
  if (passage !== undefined) {
    const covered = vectorized === null ? [] : within(vectorized.stored, passage)
    // Beyond the last stored passage there is white space, or nothing: only the content tells.
    if (vectorized !== null && covered.length > 0 && passage.end <= (vectorized.stored.at(-1)?.end ?? 0)) {
      return { documentId, identity: vectorized.identity, pieces: covered }
    }
    const content = await contentOf(parts, scope, documentId)
    if (passage.end > content.length) throw new SimilarityError('passage_outside')
    return { documentId, identity: await identityOf(scope, content), pieces: shifted(await cut(parts.embed, scope, content.slice(passage.start, passage.end)), passage.start) }
  }
  if (vectorized !== null) return { documentId, identity: vectorized.identity, pieces: vectorized.stored }
  const content = await contentOf(parts, scope, documentId)
  return { documentId, identity: await identityOf(scope, content), pieces: await cut(parts.embed, scope, content) }
}

/** The stored passages that the range touches, in their own bounds: their embeddings stand for it. */
const within = (stored: readonly StoredPassage[], range: { start: number, end: number }): StoredPassage[] =>
  stored.filter(({ start, end }) => start < range.end && end > range.start)

async function contentOf({ hydrator }: Parts, { project, signal }: Scope, documentId: string): Promise<string> {
  const document = await hydrator.content(project, documentId, signal)
  if (document === null) throw new SimilarityError('document_unknown')
  return document.content
}

/** Of a long text pieces from everywhere. */
function sampled(pieces: readonly Piece[], letters: number): readonly Piece[] {
  const all = pieces.reduce((sum, { text }) => sum + text.length, 0)
  return all <= letters ? pieces : spread(pieces.length, Math.max(1, Math.floor(pieces.length * letters / all))).flatMap(at => pieces[at] ?? [])
}

/** Cutting into passages needs the model's tokens; without the model the words still find something. */
async function cut(embed: Embed, { signal }: Scope, content: string): Promise<Piece[]> {
  const pieces = await embed((embedder: Embedder) => embedder.cut(content, signal))
  return pieces ?? Array.from(content.matchAll(PIECES), ({ 0: text, index: start }) => ({ start, end: start + text.length, text }))
}

/** Whole words, where there are any. */
const PIECES = new RegExp(`[^]{1,${LETTERS_OF_PIECE}}(?!\\S)|[^]{1,${LETTERS_OF_PIECE}}`, 'gu')

const shifted = (pieces: readonly Piece[], by: number): Piece[] => pieces.map(piece => ({ ...piece, start: piece.start + by, end: piece.end + by }))

/** Of what is not vectorized all would have to be embedded first: there the places decide. */
function standingFor(pieces: readonly Piece[], most: number): Piece[] {
  const vectors = pieces.flatMap(({ embedding }) => embedding ?? [])
  const chosen = vectors.length === pieces.length ? representative(vectors, most) : spread(pieces.length, most)
  return chosen.flatMap(at => pieces[at] ?? [])
}

async function embedded(embed: Embed, { signal }: Scope, examples: readonly Resolved[]): Promise<ProbeText[]> {
  const missing = examples.flatMap(({ pieces }) => pieces.filter(({ embedding }) => embedding === undefined))
  const vectors = missing.length === 0 ? [] : await embed(embedder => embedder.examples(missing.map(({ text }) => text), signal))
  const made = new Map(missing.map((piece, index) => [piece, vectors?.[index] ?? null]))
  return examples.flatMap(({ documentId, pieces }) => pieces.map((piece): ProbeText => ({
    text: piece.text,
    embedding: piece.embedding ?? made.get(piece) ?? null,
    weight: 1 / (examples.length * pieces.length),
    origin: documentId === null ? null : { documentId, start: piece.start, end: piece.end },
  })))
}

/** Words in the overlap of two passages count once. */
function withoutOverlap(pieces: readonly Piece[]): string[] {
  let reached = 0
  return pieces.map(({ start, end, text }) => {
    const fresh = text.slice(Math.max(0, reached - start))
    reached = Math.max(reached, end)
    return fresh
  })
}

const identityOf = async ({ signal }: Scope, content: string): Promise<TextIdentity> =>
  ({ contentHash: createHash('sha256').update(content).digest('hex'), fingerprint: await fingerprintOf(content, signal) })
