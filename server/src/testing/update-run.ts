import type { SourceDocument } from '../datashare/source.ts'
import type { Embedders } from '../embedding/embedder.ts'
import { watch } from './chain.ts'
import { openLocalChain } from './local-chain.ts'
import { createMemoryDocuments, prose } from './memory-documents.ts'

export interface UpdateRun {
  readonly run: 'first' | 'nothing changed' | 'some changed' | 'some extracted anew'
  /** Contents read, and passages embedded. */
  readonly read: number
  readonly embedded: number
  readonly seconds: number
}

/** A first vectorization of so many documents, then updates: with nothing changed, with some changed, and with some that only have a newer date. */
export async function measureUpdates(embedders: Embedders, { documents, characters, changed }: { documents: number, characters: number, changed: number }): Promise<UpdateRun[]> {
  const source = createMemoryDocuments()
  const watched = watch(embedders)
  await using chain = await openLocalChain(watched, { source })
  const put = (number: number, content: string, year: number): void => {
    const document: Pick<SourceDocument, 'id' | 'content' | 'extractionDate'> = { id: `d${number}`, content, extractionDate: `${year}-01-01` }
    source.put(chain.project.name, document)
  }
  const measure = async (run: UpdateRun['run']): Promise<UpdateRun> => {
    const before = { read: source.reads.length, embedded: watched.embedded, at: performance.now() }
    const { state, counts } = await chain.vectorize()
    if (state !== 'DONE' || counts.failed > 0) throw new Error(`${run}: the chain ended ${state} with ${counts.failed} failed`)
    return { run, read: source.reads.length - before.read, embedded: watched.embedded - before.embedded, seconds: Math.round(performance.now() - before.at) / 1_000 }
  }

  for (let number = 0; number < documents; number++) put(number, prose(number, characters), 2026)
  const runs = [await measure('first'), await measure('nothing changed')]
  for (let number = 0; number < changed; number++) put(number, `${prose(number, characters)} It was amended.`, 2027)
  runs.push(await measure('some changed'))
  for (let number = changed; number < 2 * changed; number++) put(number, prose(number, characters), 2028)
  runs.push(await measure('some extracted anew'))
  return runs
}
