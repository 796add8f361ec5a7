import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createLogger } from '../log.ts'
import { openLanceStore } from '../store/lancedb/lancedb.ts'
import { aDocument, aGeneration, grantedProject } from '../testing/store-documents.ts'
import { requiring } from './filters.ts'

it('words in quotation marks that stand in more documents than can be told apart are refused, never cut short', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'similarity-filters-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = await openLanceStore({ folder, log: createLogger('silent') })
  onTestFinished(() => store.close())
  const generation = aGeneration('a', 2)
  await store.create(generation)
  await store.replace(generation, Array.from({ length: 10_100 }, (_, index) => aDocument({ id: `d${index}`, texts: [index < 3 ? 'Harbour fees and a boat' : 'Harbour fees'] })))
  const scope = { project: grantedProject('a'), generation, languages: [], foreign: new Set<string>(), signal: new AbortController().signal }

  await expect(requiring(store, scope, {}, ['harbour fees'])).rejects.toMatchObject({ code: 'filter_too_broad' })
  expect(await requiring(store, scope, {}, [`harbour ${'f'.repeat(65)}`])).toEqual({ documentIds: [] })
  expect((await requiring(store, scope, {}, ['harbour fees', 'a boat'])).documentIds?.toSorted()).toEqual(['d0', 'd1', 'd2'])
})
