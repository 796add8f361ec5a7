import { expect, it } from 'vitest'
import type { DocumentRow } from '../store/store.ts'
import { watch } from '../testing/chain.ts'
import { openLocalChain } from '../testing/local-chain.ts'
import { prose } from '../testing/memory-documents.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'

it('while a document is embedded, another one is read, cut, embedded and written, and a third one is being read', async () => {
  const embedders = watch(createStandInEmbedders())
  await using chain = await openLocalChain(embedders, { batchesAtOnce: 2 })
  for (const number of [1, 2, 3]) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, 300) })
  const steps: string[] = []
  const thirdIsRead = Promise.withResolvers<undefined>()
  // The first document that comes to the embedder stays there until the third is being read: for ever, if one waited for the other.
  embedders.gate = async () => {
    if (steps.includes('embedding')) return
    steps.push('embedding')
    await thirdIsRead.promise
    steps.push('embedded')
  }
  let reads = 0
  let written: DocumentRow[] = []
  chain.source.beforeRead = async () => {
    reads += 1
    if (reads < 3) return
    steps.push('third is read')
    written = [...(await chain.rows(await chain.generations.building(chain.project.name) ?? undefined)).values()]
    thirdIsRead.resolve(undefined)
  }

  const task = await chain.vectorize({ batchSize: 1 })

  expect(steps).toEqual(['embedding', 'third is read', 'embedded'])
  expect(written).toMatchObject([{ status: 'vectorized', passages: 1 }])
  expect(task).toMatchObject({ state: 'DONE', counts: { documents: 3, done: 3 } })
})
