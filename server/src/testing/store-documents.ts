import { createHash } from 'node:crypto'
import { projectName, type GrantedProject } from '../datashare/access.ts'
import { BANDS, type Fingerprint } from '../passages/fingerprint.ts'
import type { Generation } from '../store/generation.ts'
import type { DocumentRow, DocumentWrite } from '../store/store.ts'
import { stemsOfContent } from '../words/stems.ts'
import { aCaller } from './callers.ts'

/** How far cosines may be from those of the vectors that were given: a store may round them, which few dimensions show most. */
export const HALF_PRECISION = 2 ** -11

/** A project that somebody was granted, for tests of what lies behind the access check. */
export const grantedProject = (name: string): GrantedProject => aCaller('tester', name).grant(name)

let generations = 0

/** A generation with an id of its own. */
export const aGeneration = (project: string, dimensions: number): Generation => ({
  id: `test-${process.pid}-${++generations}`,
  project: projectName(project),
  modelId: 'test-model',
  modelRevision: '1',
  dimensions,
  passageRules: 'test',
  state: 'building',
  calibration: null,
  evaluation: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
})

interface DocumentSpec extends Partial<Omit<DocumentWrite, 'row' | 'passages' | 'content'>> {
  readonly id: string
  readonly row?: Partial<DocumentRow>
  /** The passages' texts; the content is all of them, a line each. */
  readonly texts?: readonly string[]
  /** A vector for each text; without, the first axis for all. */
  readonly embeddings?: readonly Float32Array[]
}

/** A document as vectorization writes it, of two dimensions unless it brings vectors. */
export function aDocument({ id, row, texts = [`the text of ${id}`], embeddings, ...stored }: DocumentSpec): DocumentWrite {
  const content = texts.join('\n')
  const starts = texts.map((_, index) => texts.slice(0, index).reduce((sum, text) => sum + text.length + 1, 0))
  return {
    row: {
      documentId: id, rootId: id, extractionDate: '2026-01-01T00:00:00.000Z',
      contentHash: createHash('sha256').update(content).digest('hex'),
      status: 'vectorized', reason: null, passages: texts.length, truncated: false, language: 'ENGLISH', vectorizedAt: '2026-02-01T00:00:00.000Z',
      ...row,
    },
    title: `${id}.txt`, path: `/vault/${id}.txt`, dirname: '/vault', contentType: 'text/plain', creationDate: null, fingerprint: null,
    ...stored,
    content,
    stems: [...stemsOfContent(content, row?.language ?? 'ENGLISH')].join(' '),
    passages: texts.map((text, ordinal) => {
      const start = starts[ordinal] ?? 0
      return { ordinal, start, end: start + text.length, text, embedding: embeddings?.[ordinal] ?? axis(0, 2) }
    }),
  }
}

/** A fingerprint with these numbers in it. */
export const aFingerprint = ({ bands = [], pairs = [16, 33], numbers = [], names = [] }: { bands?: number[], pairs?: number[], numbers?: number[], names?: number[] }): Fingerprint => ({
  bands: Int32Array.from({ length: BANDS }, (_, band) => bands[band] ?? band),
  pairs: Uint32Array.from(pairs), numbers: Uint32Array.from(numbers), names: Uint32Array.from(names),
})

/** A unit vector along one axis. */
export const axis = (index: number, dimensions: number): Float32Array => new Float32Array(dimensions).fill(1, index, index + 1)

/** The same unit vectors at every run. */
export function unitVectors(count: number, dimensions: number): Float32Array[] {
  let state = 42
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: dimensions }, next)
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
    return vector.map(value => value / length)
  })
}
