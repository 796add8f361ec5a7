import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Task, VectorizeMode } from '@datashare-similarity/shared'
import { hasJava } from '../testing/elasticsearch.ts'
import { descendants } from '../testing/memory-run.ts'
import { isAlive } from '../testing/model-processes.ts'
import { files, isFinished, openNewsroom, untilTask, type Newsroom } from '../testing/newsroom.ts'
import { rollDice, type Dice } from '../testing/random.ts'
import type { ServedCompanion } from '../testing/served-companion.ts'
import { contentOf, type StoredContent } from '../testing/stored-content.ts'

const PROJECT = 'harbour'
const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'
const DOCUMENTS = isLong ? 200 : 60
const CHARACTERS = 500
const LATEST_MS = 300

/** When a companion is killed: at a phase, or when so many documents are done, and a moment later. */
interface Kill { readonly phase: 'scanning' | 'embedding' | 'indexing' | 'verifying', readonly done: number, readonly afterMs: number }

/** In the order in which a run comes by; each start goes on from where the one before was killed. */
function killsOf(dice: Dice, counts: Record<Kill['phase'], number>): Kill[] {
  const some = (phase: Kill['phase']): Kill[] => Array.from({ length: counts[phase] }, () =>
    ({ phase, done: phase === 'embedding' ? dice.between(1, DOCUMENTS - 10) : 0, afterMs: dice.between(0, phase === 'scanning' ? 20 : LATEST_MS) }))
  return [...some('scanning'), ...some('embedding').sort((one, other) => one.done - other.done), ...some('indexing'), ...some('verifying')]
}

describe.skipIf(!hasJava())('a companion that is killed (needs Java 17 and Maven)', () => {
  let newsroom: Newsroom
  let undisturbed: StoredContent

  beforeAll(async () => {
    newsroom = await openNewsroom()
    await newsroom.addProject(PROJECT, files(DOCUMENTS, CHARACTERS))
    const dataDir = await newsroom.newFolder()
    const companion = await newsroom.serve({ dataDir })
    await companion.client.vectorize(PROJECT)
    expect(await companion.stop()).toBe(0)
    undisturbed = await contentOf(dataDir, PROJECT)
    expect(undisturbed).toMatchObject({ generations: 1, documentRows: DOCUMENTS })
  }, 400_000)
  afterAll(() => newsroom[Symbol.asyncDispose]())

  /** Kills it as planned; what is left when a run was over too soon is not needed any more. */
  async function suffer(dataDir: string, mode: VectorizeMode, kills: readonly Kill[], onStart: (companion: ServedCompanion) => Promise<void>): Promise<Task> {
    let id: string | undefined
    for (const { phase, done, afterMs } of kills) {
      const companion = await newsroom.serve({ dataDir })
      id ??= (await companion.client.call<{ task: Task }>('POST', `/api/projects/${PROJECT}/vectorize`, { mode, batchSize: 1 })).body.task.id
      const order: readonly (string | null)[] = ['scanning', 'embedding', 'indexing', 'verifying']
      await untilTask(companion, id, task => isFinished(task) || (order.indexOf(task.phase) >= order.indexOf(phase) && task.counts.done >= done))
      if (phase === 'embedding') await onStart(companion)
      await sleep(afterMs)
      const children = await descendants(companion.pid)
      await companion.kill()
      await expect.poll(() => children.filter(isAlive), { timeout: 20_000 }).toEqual([])
    }
    const last = await newsroom.serve({ dataDir })
    const task = await untilTask(last, id ?? '', isFinished)
    await expect.poll(async () => (await last.client.call<{ total: number }>('GET', `/api/projects/${PROJECT}`)).body, { timeout: 20_000 }).toMatchObject({ coverage: { documents: DOCUMENTS, vectorized: DOCUMENTS, missing: 0 } })
    expect(await last.stop()).toBe(0)
    return task
  }

  const counts = isLong ? { scanning: 2, embedding: 10, indexing: 4, verifying: 4 } : { scanning: 0, embedding: 1, indexing: 1, verifying: 1 }

  it(`R1: a first vectorization survives ${isLong ? 20 : 3} kills at random points, as the same task, and leaves what an undisturbed one does`, async () => {
    const dataDir = await newsroom.newFolder()
    const task = await suffer(dataDir, 'update', killsOf(rollDice('R1'), counts), () => Promise.resolve())

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: DOCUMENTS, done: DOCUMENTS, empty: 0, failed: 0, passages: undisturbed.passageRows }, childCounts: { total: DOCUMENTS, done: DOCUMENTS, error: 0 } })
    expect(await contentOf(dataDir, PROJECT)).toEqual(undisturbed)
  }, 600_000)

  it('R11: while a rebuild is killed again and again the old vectors answer, until the new ones are complete', async () => {
    const dataDir = await newsroom.newFolder()
    const first = await newsroom.serve({ dataDir })
    await first.client.vectorize(PROJECT)
    const ask = (companion: ServedCompanion) => companion.client.similar(PROJECT, { queries: ['the yacht'] })
    const before = await ask(first)
    await first.stop()

    const task = await suffer(dataDir, 'rebuild', killsOf(rollDice('R11'), counts), async companion => expect(await ask(companion)).toMatchObject({ generation: before.generation, results: before.results }))
    const last = await newsroom.serve({ dataDir })
    const after = await ask(last)
    await last.stop()

    expect(task.state).toBe('DONE')
    expect(after.generation).not.toBe(before.generation)
    expect(await contentOf(dataDir, PROJECT)).toEqual(undisturbed)
  }, 600_000)
})
