import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Generation } from '../generation.ts'
import type { StoreStatistics } from '../store.ts'
import { ofStatus } from './filter.ts'
import { toLanguages, toSample } from './reading.ts'
import { tableNames } from './schema.ts'
import type { GenerationTables } from './tables.ts'

export async function statisticsOf(folder: string, generation: Generation, tables: GenerationTables): Promise<StoreStatistics> {
  const count = (where: string): Promise<number> => tables.documents.countRows(where)
  const [vectorized, empty, failed, truncated, passages, languages, ...bytes] = await Promise.all([
    count(ofStatus('vectorized')), count(ofStatus('empty')), count(ofStatus('failed')), count('truncated'),
    tables.passages.countRows(),
    languagesOf(tables),
    ...Object.values(tableNames(generation)).map(name => bytesBelow(join(folder, `${name}.lance`))),
  ])
  return { documents: { vectorized, empty, failed, truncated }, passages, bytes: bytes.reduce((sum, each) => sum + each, 0), languages }
}

async function languagesOf({ documents }: GenerationTables): Promise<Record<string, number>> {
  const counts = new Map<string, number>()
  for await (const batch of documents.query().where(ofStatus('vectorized')).select(['language'])) {
    for (const language of toLanguages(batch)) counts.set(language, (counts.get(language) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}

/** Everything on disk, old versions too. A file may go while it is counted. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(entries.filter(entry => entry.isFile())
    .map(entry => stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Pairs passages that stand half the table apart, evenly spread: the same table gives the same cosines. */
export async function randomPairCosines({ passages }: GenerationTables, size: number): Promise<number[]> {
  const total = await passages.countRows()
  const sampled = Math.min(total, 2 * size)
  if (sampled < 2) return []
  const offsets = Array.from({ length: sampled }, (_, index) => Math.floor(index * total / sampled))
  const sample = toSample(await passages.takeOffsets(offsets).select(['documentId', 'embedding']).toArrow())
  const half = Math.floor(sample.length / 2)
  return sample.slice(0, half).flatMap((one, index) => {
    const other = sample[index + half]
    return other === undefined || other.documentId === one.documentId ? [] : [cosine(one.embedding, other.embedding)]
  })
}

function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0
  let squaresOfA = 0
  let squaresOfB = 0
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0
    dot += x * y
    squaresOfA += x * x
    squaresOfB += y * y
  }
  return dot / Math.sqrt(squaresOfA * squaresOfB)
}
