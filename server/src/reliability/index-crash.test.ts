import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { Task } from '@datashare-similarity/shared'
import { isLong } from '../testing/engines.ts'
import { isFinished } from '../testing/newsroom.ts'
import { rollDice } from '../testing/random.ts'
import { contentOf } from '../testing/stored-content.ts'

/** More than 20,000 passages: from there on there is a vector index. */
const DOCUMENTS = 4_300
const CHARACTERS = 2_000
const KILLS = 5

const run = (dataDir: string): ChildProcess =>
  fork(join(import.meta.dirname, '../testing/chain-process.ts'), [dataDir, String(DOCUMENTS), String(CHARACTERS)], { execArgv: ['--conditions=@similarity/source'], stdio: 'inherit' })

const untilTask = (child: ChildProcess, isWanted: (task: Task) => boolean): Promise<Task> => new Promise((resolve, reject) => {
  child.on('message', message => isWanted(message as Task) && resolve(message as Task))
  child.once('exit', code => reject(new Error(`the process ended with ${code}`)))
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'similarity-index-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function toItsEnd(dataDir: string): Promise<Task> {
  const child = run(dataDir)
  const ended = once(child, 'exit')
  const task = await untilTask(child, isFinished)
  await ended
  return task
}

it.skipIf(!isLong)('R1 (long): kills while the vector index of more than 20,000 passages is built leave what an undisturbed run does', async () => {
  const [undisturbed, killed] = [await newFolder(), await newFolder()]
  await toItsEnd(undisturbed)
  const dice = rollDice('R1, index')
  for (let kill = 0; kill < KILLS; kill++) {
    const child = run(killed)
    // It may have come to its end by itself meanwhile.
    const ended = once(child, 'exit')
    await untilTask(child, ({ phase, state }) => phase === 'indexing' || state === 'DONE')
    await sleep(dice.between(0, 3_000))
    child.kill('SIGKILL')
    await ended
  }
  const task = await toItsEnd(killed)

  expect(task).toMatchObject({ state: 'DONE', counts: { documents: DOCUMENTS, done: DOCUMENTS } })
  expect(await contentOf(killed, 'harbour')).toEqual(await contentOf(undisturbed, 'harbour'))
  expect(await readdir(join(killed, 'vectors', 'spill'))).toEqual([])
}, 900_000)
