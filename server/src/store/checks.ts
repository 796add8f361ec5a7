import { SimilarityError } from '@datashare-similarity/shared'
import type { GrantedProject } from '../datashare/access.ts'
import type { Generation } from './generation.ts'
import type { DocumentWrite } from './store.ts'

/* What every store refuses, whatever it is built on. */

const GENERATION_ID = /^[a-z0-9-]{1,100}$/

/** What tables are named by: the generation's id alone, so no name of a project ever becomes a path or the name of an index. */
export function checkedId({ id }: Generation): string {
  if (!GENERATION_ID.test(id)) throw new SimilarityError('internal', { detail: 'the id of a generation is not one of ours' })
  return id
}

/** @throws SimilarityError project_forbidden */
export function demandOwn(project: GrantedProject, generation: Generation): void {
  if (project.name !== generation.project) throw new SimilarityError('project_forbidden')
}

/**
 * What a store might take in silence: LanceDB keeps a vector that is too short, with nulls.
 * @throws SimilarityError document_failed
 */
export function checkDocument({ row, passages }: DocumentWrite, { dimensions }: Generation): void {
  const refuse = (detail: string): never => { throw new SimilarityError('document_failed', { detail }) }
  if (!row.documentId.isWellFormed()) refuse('the id of a document is not well-formed Unicode')
  if (new Set(passages.map(({ ordinal }) => ordinal)).size !== passages.length) refuse(`two passages of document ${row.documentId} have the same ordinal`)
  for (const { ordinal, embedding } of passages) {
    if (embedding.length !== dimensions) refuse(`the vector of passage ${ordinal} of document ${row.documentId} has ${embedding.length} dimensions, not ${dimensions}`)
    if (!hasDirection(embedding)) refuse(`the vector of passage ${ordinal} of document ${row.documentId} is zero or not finite`)
  }
}

/** @throws SimilarityError internal */
export function checkQuery(embedding: Float32Array, { dimensions }: Generation): void {
  if (embedding.length === dimensions && hasDirection(embedding)) return
  throw new SimilarityError('internal', { detail: `the vector of a query must be finite, not zero, and have ${dimensions} dimensions` })
}

/** Finite and not zero: only then has it a cosine. */
function hasDirection(embedding: Float32Array): boolean {
  const squares = embedding.reduce((sum, value) => sum + value * value, 0)
  return Number.isFinite(squares) && squares > 0
}

/** The last version of each document of a batch. */
export const lastOfEach = (writes: readonly DocumentWrite[]): DocumentWrite[] => [...new Map(writes.map(write => [write.row.documentId, write])).values()]
