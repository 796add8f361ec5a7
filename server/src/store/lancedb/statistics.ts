import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Generation } from '../generation.ts'
import type { SampledPassage, StoreStatistics } from '../store.ts'
import { isMissing } from './faults.ts'
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

/** Everything on disk, old versions too. A file may go while it is counted, and so may the folder of an index. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const sizes = await Promise.all(entries.map((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? bytesBelow(path) : stat(path).then(({ size }) => size, () => 0)
  }))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Passages evenly spread over the table, in its order. */
export async function samplePassages({ passages }: GenerationTables, size: number): Promise<SampledPassage[]> {
  const total = await passages.countRows()
  if (total === 0) return []
  const sampled = Math.min(total, size)
  const offsets = Array.from({ length: sampled }, (_, index) => Math.floor(index * total / sampled))
  return toSample(await passages.takeOffsets(offsets).select(['documentId', 'text', 'embedding']).toArrow())
}
