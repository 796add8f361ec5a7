import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Task } from '@datashare-similarity/shared'
import type { Embedders } from '../../embedding/embedder.ts'
import { openEmbedders } from '../../embedding/embedders.ts'
import { log, openLocalChain } from '../../testing/local-chain.ts'
import { prose } from '../../testing/memory-documents.ts'

const DOCUMENTS = 30
const CHARACTERS = 1_500

let embedders: Embedders
beforeAll(async () => {
  embedders = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
})
afterAll(() => embedders.close())

const run = (dataDir: string): ChildProcess =>
  fork(join(import.meta.dirname, '../../testing/chain-process.ts'), [dataDir, String(DOCUMENTS), String(CHARACTERS)], { execArgv: ['--conditions=@similarity/source'], stdio: 'inherit' })

/** The first task it sends that satisfies the condition. */
const untilTask = (child: ChildProcess, condition: (task: Task) => boolean): Promise<Task> => new Promise((resolve, reject) => {
  child.on('message', message => condition(message as Task) && resolve(message as Task))
  child.once('exit', code => reject(new Error(`the process ended with ${code}`)))
})

it('after kill -9 at several points the same task goes on, and the table is that of an uninterrupted run', { timeout: 120_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'similarity-crash-'))
  try {
    const ids = new Set<string>()
    for (const killAt of [3, 18]) {
      const child = run(dataDir)
      ids.add((await untilTask(child, ({ counts }) => counts.done >= killAt)).id)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const last = run(dataDir)
    const task = await untilTask(last, ({ state }) => state === 'DONE')
    ids.add(task.id)
    if (last.exitCode === null) await once(last, 'exit')

    expect([...ids]).toEqual([task.id])
    expect(task).toMatchObject({ counts: { documents: DOCUMENTS, done: DOCUMENTS, failed: 0 }, childCounts: { total: 6, done: 6 } })
    expect(await contentOf(dataDir)).toEqual(await contentOf(null))
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

/** All passages of the folder's project, or of a run that nothing disturbs. */
async function contentOf(dataDir: string | null): Promise<unknown> {
  await using chain = await openLocalChain(embedders, dataDir === null ? {} : { dataDir })
  if (dataDir === null) {
    for (let number = 1; number <= DOCUMENTS; number++) chain.source.put(chain.project.name, { id: `d${number}`, content: prose(number, CHARACTERS) })
    await chain.vectorize()
  }
  const generation = await chain.current()
  const rows = await chain.rows(generation)
  expect(rows.size).toBe(DOCUMENTS)
  const documents = [...rows.values()].sort((one, other) => one.documentId.localeCompare(other.documentId))
  return await Promise.all(documents.map(async ({ documentId, contentHash, status, passages }) => ({
    documentId, contentHash, status, passages, stored: await chain.store.passagesOf(chain.project, generation, documentId),
  })))
}
