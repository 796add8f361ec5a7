import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import { projectName } from '../../datashare/access.ts'
import type { Embedders } from '../../embedding/embedder.ts'
import { openEmbedders } from '../../embedding/embedders.ts'
import { openLanceStore } from '../../store/lancedb/lancedb.ts'
import { collect } from '../../testing/collect.ts'
import { log, QUICK, watch } from '../../testing/chain.ts'
import { createMemoryDocuments, prose } from '../../testing/memory-documents.ts'
import { runChain, type ChainParts } from './chain.ts'
import { openDatabase } from './database.ts'
import { createGenerations, type LedgerGenerations } from './generations.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createLiveChain, type LiveChain } from './live.ts'

const HARBOUR = projectName('harbour')
/** Enough pairs of passages for a calibration. */
const DOCUMENTS = 64

let real: Embedders
let stack: AsyncDisposableStack
let parts: ChainParts
let live: LiveChain
/** Writes of the ledger that the disk has no room for, once each. */
let refused: Set<string>

const refuse = (write: string): void => {
  if (refused.delete(write)) throw new SimilarityError('disk_full')
}

/** The real ledger, on a disk that is full now and then. */
const fullLedger = (ledger: Ledger): Ledger => ({
  ...ledger,
  change: (...args) => {
    refuse('change')
    ledger.change(...args)
  },
  addBatch: (...args) => {
    refuse('addBatch')
    ledger.addBatch(...args)
  },
  addOutcome: (...args) => {
    refuse('addOutcome')
    ledger.addOutcome(...args)
  },
  setOutcome: (...args) => {
    refuse('setOutcome')
    ledger.setOutcome(...args)
  },
})
const fullGenerations = (generations: LedgerGenerations): LedgerGenerations => ({
  ...generations,
  create: async (spec) => {
    refuse('create')
    return generations.create(spec)
  },
  touch: async (id) => {
    refuse('touch')
    await generations.touch(id)
  },
  calibrate: async (...args) => {
    refuse('calibrate')
    await generations.calibrate(...args)
  },
  makeCurrent: async (id) => {
    refuse('makeCurrent')
    await generations.makeCurrent(id)
  },
})

beforeAll(async () => {
  real = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
})
afterAll(() => real.close())
beforeEach(async () => {
  stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'similarity-chain-'))
  stack.defer(() => rm(dataDir, { recursive: true }))
  const database = await openDatabase(dataDir)
  stack.defer(() => database.close())
  const store = await openLanceStore({ folder: join(dataDir, 'vectors'), log })
  stack.defer(() => store.close())
  const source = createMemoryDocuments()
  for (let number = 1; number <= DOCUMENTS; number++) source.put(HARBOUR, { id: `d${number}`, content: prose(number, 200) })
  refused = new Set()
  live = createLiveChain()
  parts = {
    source, store, embedders: watch(real), ledger: fullLedger(createLedger(database)), generations: fullGenerations(createGenerations(database)), patience: QUICK, batchesAtOnce: 2,
  }
  return () => stack.disposeAsync()
})

const addChain = () => parts.ledger.addChain({ project: HARBOUR, mode: 'update', args: { batchSize: 32, modelId: real.defaultModel.id }, createdBy: 'ada' })
const untilNow = new AbortController().signal

it('R9: a full disk is waited out at each write of the ledger, to the very end', async () => {
  const writes = ['change', 'create', 'addBatch', 'addOutcome', 'touch', 'calibrate', 'makeCurrent']
  refused = new Set(writes)

  await runChain(parts, addChain(), live, untilNow)

  expect([...refused]).toEqual([])
  expect(live.hasWaited).toBe(true)
  expect(await parts.generations.current(HARBOUR)).toMatchObject({ state: 'current', calibration: expect.objectContaining({}) as object })
})

it('R9: a full disk is waited out when a chain goes on after a crash', async () => {
  const task = addChain()
  const stop = new AbortController()
  const crash = (): never => {
    stop.abort()
    throw stop.signal.reason
  }
  await expect(runChain({ ...parts, source: { ...parts.source, fetch: crash } }, task, live, stop.signal)).rejects.toThrow()
  refused = new Set(['setOutcome'])

  await runChain(parts, parts.ledger.get(task.id) ?? task, live, untilNow)

  expect([...refused]).toEqual([])
  expect(await parts.generations.current(HARBOUR)).not.toBeNull()
})

it('R10: what was being written when a chain was cancelled is counted as done', async () => {
  const task = addChain()
  const stop = new AbortController()
  const { store } = parts
  const cancelledMeanwhile: typeof store = { ...store, replace: async (...args) => {
    await store.replace(...args)
    stop.abort(new SimilarityError('task_finished'))
  } }
  await expect(runChain({ ...parts, store: cancelledMeanwhile, batchesAtOnce: 1 }, task, live, stop.signal)).rejects.toMatchObject({ code: 'task_finished' })

  const generation = await parts.generations.building(HARBOUR)
  const rows = (await collect(store.rows(generation!))).flat()
  expect(rows.length).toBeGreaterThan(0)
  expect([...parts.ledger.unfinishedBatches(task.id)].reduce((sum, { done }) => sum + done, 0)).toBe(rows.length)
})

it('what went wrong is told, though the disk is full as well', async () => {
  refused = new Set(['touch'])
  const broken = { ...parts, source: { ...parts.source, fetch: () => { throw new SimilarityError('index_missing') } } }

  await expect(runChain(broken, addChain(), live, untilNow)).rejects.toMatchObject({ code: 'index_missing' })
  expect([...refused]).toEqual([])
})
