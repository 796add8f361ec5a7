import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isAlive } from '../testing/model-processes.ts'
import { descendants } from '../testing/memory-run.ts'
import { startServing } from '../testing/served-companion.ts'

const NOWHERE = 'http://127.0.0.1:9'
const STOPPED_WITHIN_MS = 10_000

/** The process that loads the model for the first time, as soon as it is there. */
async function modelProcess(companion: number): Promise<number> {
  for (;;) {
    for (const pid of await descendants(companion)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (command.includes('embedding/process')) return pid
    }
  }
}

it.skipIf(process.platform !== 'linux')('is stopped (SIGTERM) within 10 seconds and with 0 while the first load of the model hangs, and takes that process along', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'similarity-serve-'))
  await using companion = startServing({ dataDir, datashareUrl: NOWHERE, elasticsearchUrl: NOWHERE })
  const listened = companion.listening().then(() => 'listens', (error: unknown) => (error as Error).message)
  const pid = await modelProcess(companion.pid)
  process.kill(pid, 'SIGSTOP')

  const asked = performance.now()
  const code = await companion.stop()
  const milliseconds = performance.now() - asked

  expect({ code, listened: await listened }).toEqual({ code: 0, listened: 'the process ended with 0: ' })
  expect(milliseconds).toBeLessThan(STOPPED_WITHIN_MS)
  await expect.poll(() => isAlive(pid)).toBe(false)
  await rm(dataDir, { recursive: true })
})
