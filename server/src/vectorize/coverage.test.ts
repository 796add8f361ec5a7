import { afterAll, beforeAll, expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import type { Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { log, watch } from '../testing/chain.ts'
import { openLocalChain } from '../testing/local-chain.ts'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'
import { createCoverage } from './coverage.ts'
import { createEstimate, estimateOf } from './estimate.ts'
import { createKnownCoverage } from './known-coverage.ts'

let embedders: Embedders
beforeAll(async () => {
  embedders = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
})
afterAll(() => embedders.close())

it('R15: coverage is the difference between Datashare and the store, and one scan serves many who ask', async () => {
  const watched = watch(embedders)
  await using chain = await openLocalChain(watched)
  const { source, project: { name } } = chain
  const coverage = createCoverage(chain)
  source.put(name, { id: 'good', content: 'The harbour.', truncated: true })
  source.put(name, { id: 'blank', content: '' })
  source.put(name, { id: 'bad', content: 'poison' })
  expect(await coverage(name)).toEqual({
    coverage: { documents: 3, vectorized: 0, empty: 0, failed: 0, missing: 3, stale: 0, truncated: 0 }, todo: { update: { documents: 3, characters: 18 }, rebuild: { documents: 3, characters: 18 }, failed: { documents: 0, characters: 0 } },
  })

  watched.gate = (content) => {
    if (content === 'poison') throw new SimilarityError('document_failed')
  }
  await chain.vectorize()
  source.put(name, { id: 'good', content: 'The harbour.', truncated: true, extractionDate: '2026-09-09' })
  source.put(name, { id: 'new', content: 'Something new.' })
  const scans = source.scans
  const answers = await Promise.all([coverage(name), coverage(name), coverage(name)])
  await coverage(name)

  expect(answers[2]).toEqual({
    coverage: { documents: 4, vectorized: 1, empty: 1, failed: 1, missing: 1, stale: 1, truncated: 1 }, todo: { update: { documents: 2, characters: 26 }, rebuild: { documents: 4, characters: 32 }, failed: { documents: 1, characters: 6 } },
  })
  expect(source.scans - scans).toBe(1)

  await chain.vectorize()
  expect((await coverage(name)).coverage).toMatchObject({ documents: 4, vectorized: 2, missing: 0, stale: 0 })
  const estimate = createEstimate({ coverage, generations: chain.generations, embedders, measuredRate: chain.measuredRate })
  expect(await estimate(name, { mode: 'update' })).toMatchObject({ documents: 0, characters: 0, etaSeconds: [0, 0], bytes: 0 })
  expect(await estimate(name, { mode: 'rebuild' })).toMatchObject({ documents: 4, characters: 32 })
  await expect(estimate(name, { mode: 'rebuild', model: 'gpt-99' })).rejects.toMatchObject({ code: 'model_unknown' })
})

it('coverage says when Elasticsearch does not answer, and asks again', async () => {
  await using chain = await openLocalChain(embedders)
  const coverage = createCoverage(chain)
  chain.source.unreachable = true
  await expect(coverage(chain.project.name)).rejects.toMatchObject({ code: 'elasticsearch_unreachable' })

  chain.source.unreachable = false
  expect((await coverage(chain.project.name)).coverage.documents).toBe(0)
})

it('R15: until a comparison has ended, coverage says by numbers what is missing; without Elasticsearch what is stored', async () => {
  await using chain = await openLocalChain(createStandInEmbedders())
  const { source, project: { name } } = chain
  for (const id of ['d1', 'd2']) source.put(name, { id, content: 'The harbour.' })
  await chain.vectorize()
  for (const id of ['d3', 'd4', 'd5']) source.put(name, { id, content: 'The quay.' })
  const known = createKnownCoverage({ ...chain, coverage: () => new Promise(() => undefined) })
  const none = { documents: 0, vectorized: 0, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0 }

  expect(await known.forSearch(name)).toEqual({ ...none, documents: 5, vectorized: 2, missing: 3 })
  expect(await known.forPage(name)).toEqual({ coverage: { ...none, documents: 5, vectorized: 2, missing: 3 }, note: 'coverage_pending' })

  source.unreachable = true
  expect(await createKnownCoverage({ ...chain, coverage: createCoverage(chain) }).forPage(name)).toEqual({ coverage: { ...none, documents: 2, vectorized: 2 }, note: 'elasticsearch_unreachable' })
})

it('a search waits for a comparison only where the vectors have changed since the last one', async () => {
  await using chain = await openLocalChain(createStandInEmbedders())
  const { source, project: { name } } = chain
  source.put(name, { id: 'd1', content: 'The harbour.' })
  await chain.vectorize()
  const compare = createCoverage(chain)
  let comparison: typeof compare = compare
  const known = createKnownCoverage({ ...chain, coverage: project => comparison(project) })
  const first = await known.forSearch(name)

  comparison = () => new Promise(() => undefined)
  const second = await known.forSearch(name)
  source.put(name, { id: 'd2', content: 'The quay.' })
  await chain.vectorize()
  comparison = compare
  const third = await known.forSearch(name)

  expect(first.vectorized).toBe(1)
  expect(second).toEqual(first)
  expect(third.vectorized).toBe(2)
})

it('an estimate takes the measured rate where there is one', () => {
  const todo = { documents: 100, characters: 1_000_000 }

  expect(estimateOf(todo, 384, 50_000).etaSeconds).toEqual([16, 28])
  const [low, high] = estimateOf(todo, 384, null).etaSeconds
  expect(low).toBeLessThan(high)
  expect(estimateOf(todo, 384, null).bytes).toBeGreaterThan(1_000_000)
})
