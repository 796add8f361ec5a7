import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Task, VectorizeMode } from '@datashare-similarity/shared'
import { hasJava } from '../testing/elasticsearch.ts'
import { describeEngines, isLong } from '../testing/engines.ts'
import { descendants } from '../testing/memory-run.ts'
import { isAlive } from '../testing/model-processes.ts'
import { files, isFinished, openNewsroom, untilTask, type Newsroom, type Served } from '../testing/newsroom.ts'
import { rollDice, type Dice } from '../testing/random.ts'
import type { StoredContent } from '../testing/stored-content.ts'

/** With the same documents. */
const PROJECTS = ['undisturbed', 'killed', 'rebuilt'] as const
const DOCUMENTS = isLong ? 200 : 60
const CHARACTERS = 500
const LATEST_MS = 300
const KILLS = isLong ? { scanning: 2, embedding: 10, indexing: 4, verifying: 4 } : { scanning: 0, embedding: 1, indexing: 1, verifying: 1 }
/** That a worker is dead is noticed after 15 seconds. */
const TIMEOUT = isLong ? 2_400_000 : 600_000

/** When a companion is killed: at a phase, or when so many documents are done, and a moment later. */
interface Kill { readonly phase: 'scanning' | 'embedding' | 'indexing' | 'verifying', readonly done: number, readonly afterMs: number }

/** In the order in which a run comes by; each start goes on from where the one before was killed. */
function killsOf(dice: Dice): Kill[] {
  const some = (phase: Kill['phase']): Kill[] => Array.from({ length: KILLS[phase] }, () =>
    ({ phase, done: phase === 'embedding' ? dice.between(1, DOCUMENTS - 10) : 0, afterMs: dice.between(0, phase === 'scanning' ? 20 : LATEST_MS) }))
  return [...some('scanning'), ...some('embedding').sort((one, other) => one.done - other.done), ...some('indexing'), ...some('verifying')]
}

describeEngines('a companion that is killed (needs Java 17 and Maven)', (engine, form) => {
  let newsroom: Newsroom
  let undisturbed: StoredContent

  beforeAll(async () => {
    newsroom = await openNewsroom(engine)
    for (const project of PROJECTS) await newsroom.addProject(project, files(DOCUMENTS, CHARACTERS))
    const dataDir = await newsroom.newFolder()
    const companion = await newsroom.serve({ dataDir })
    await companion.client.vectorize('undisturbed')
    expect(await companion.stop()).toBe(0)
    undisturbed = await newsroom.contentOf(dataDir, 'undisturbed')
    expect(undisturbed).toMatchObject({ generations: 1, documentRows: DOCUMENTS })
  }, 1_200_000)
  afterAll(() => newsroom[Symbol.asyncDispose]())

  /** Kills it as planned, each of its processes a moment after another; what is left when a run was over too soon is not needed any more. */
  async function suffer(project: typeof PROJECTS[number], dataDir: string, mode: VectorizeMode, dice: Dice, onStart: (companion: Served) => Promise<void>): Promise<Task> {
    let id: string | undefined
    for (const { phase, done, afterMs } of killsOf(dice)) {
      const companion = await newsroom.serve({ dataDir })
      id ??= (await companion.client.call<{ task: Task }>('POST', `/api/projects/${project}/vectorize`, { mode, batchSize: 1 })).body.task.id
      const order: readonly (string | null)[] = ['scanning', 'embedding', 'indexing', 'verifying']
      await untilTask(companion, id, task => isFinished(task) || (order.indexOf(task.phase) >= order.indexOf(phase) && task.counts.done >= done))
      if (phase === 'embedding') await onStart(companion)
      await sleep(afterMs)
      const children = (await Promise.all(companion.processes.map(({ pid }) => descendants(pid)))).flat()
      const [first, ...others] = dice.between(0, 1) === 0 ? companion.processes : companion.processes.toReversed()
      await first?.kill()
      for (const other of others) {
        await sleep(dice.between(0, LATEST_MS))
        await other.kill()
      }
      await expect.poll(() => children.filter(isAlive), { timeout: 20_000 }).toEqual([])
    }
    const last = await newsroom.serve({ dataDir })
    const task = await untilTask(last, id ?? '', isFinished)
    await expect.poll(async () => (await last.client.call<{ total: number }>('GET', `/api/projects/${project}`)).body, { timeout: 20_000 }).toMatchObject({ coverage: { documents: DOCUMENTS, vectorized: DOCUMENTS, missing: 0 } })
    expect(await last.stop()).toBe(0)
    return task
  }

  it(`R1${form}: a first vectorization survives ${Object.values(KILLS).reduce((sum, count) => sum + count)} kills at random points, as the same task, and leaves what an undisturbed one does`, async () => {
    const dataDir = await newsroom.newFolder()
    const task = await suffer('killed', dataDir, 'update', rollDice('R1'), () => Promise.resolve())

    expect(task).toMatchObject({ state: 'DONE', counts: { documents: DOCUMENTS, done: DOCUMENTS, empty: 0, failed: 0, passages: undisturbed.passageRows }, childCounts: { total: DOCUMENTS, done: DOCUMENTS, error: 0 } })
    expect(await newsroom.contentOf(dataDir, 'killed')).toEqual(undisturbed)
  }, TIMEOUT)

  it(`R11${form}: while a rebuild is killed again and again the old vectors answer, until the new ones are complete`, async () => {
    const dataDir = await newsroom.newFolder()
    const first = await newsroom.serve({ dataDir })
    await first.client.vectorize('rebuilt')
    const ask = (companion: Served) => companion.client.similar('rebuilt', { queries: ['the yacht'] })
    const before = await ask(first)
    await first.stop()

    const task = await suffer('rebuilt', dataDir, 'rebuild', rollDice('R11'), async companion => expect(await ask(companion)).toMatchObject({ generation: before.generation, results: before.results }))
    const last = await newsroom.serve({ dataDir })
    const after = await ask(last)
    // A worker drops what was replaced, half a minute later.
    if (engine === 'temporal') await expect.poll(async () => (await newsroom.contentOf(dataDir, 'rebuilt')).generations, { timeout: 60_000 }).toBe(1)
    await last.stop()

    expect(task.state).toBe('DONE')
    expect(after.generation).not.toBe(before.generation)
    expect(await newsroom.contentOf(dataDir, 'rebuilt')).toEqual(undisturbed)
  }, TIMEOUT)
}, hasJava())
