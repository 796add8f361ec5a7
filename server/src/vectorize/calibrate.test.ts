import { describe, expect, it } from 'vitest'
import type { Embedder } from '../embedding/embedder.ts'
import { unitVectors } from '../testing/store-documents.ts'
import { calibrate } from './calibrate.ts'

const signal = new AbortController().signal
const sampleOf = (vectors: readonly Float32Array[]) => vectors.map((embedding, index) => ({ documentId: `d${index}`, text: `passage ${index}`, embedding }))
/** Queries that are as good as chance. */
const embedder = { queries: (texts: readonly string[]) => Promise.resolve(unitVectors(1_000 + texts.length, 64).slice(1_000)) } as Pick<Embedder, 'queries'> as Embedder

describe('calibration', () => {
  it('says what unrelated passages and queries have in common', async () => {
    const calibration = await calibrate(sampleOf(unitVectors(400, 64)), embedder, signal)

    expect(calibration?.passages.median).toBeCloseTo(0, 1)
    expect(calibration?.queries.median).toBeCloseTo(0, 1)
    expect(calibration?.passages.deviation).toBeGreaterThan(0)
  })

  it('is hardly moved by a tenth of the pairs being copies', async () => {
    const vectors = unitVectors(400, 64)
    const withCopies = vectors.map((vector, index) => (index >= 200 && index % 10 === 0 ? vectors[index - 200] ?? vector : vector))
    const [clean, copied] = await Promise.all([vectors, withCopies].map(each => calibrate(sampleOf(each), embedder, signal)))

    expect(copied!.passages.median).toBeCloseTo(clean!.passages.median, 1)
    expect(copied!.passages.deviation / clean!.passages.deviation).toBeLessThan(1.3)
  })

  it('is unknown for a handful of passages', async () => {
    expect(await calibrate(sampleOf(unitVectors(20, 64)), embedder, signal)).toBeNull()
  })
})
