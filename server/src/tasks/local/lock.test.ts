import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { openDataFolderLock } from './lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-lock-'))
  return () => rm(folder, { recursive: true, force: true })
})
const file = (): string => join(folder, 'lock.db')
const HOUR_MS = 3_600_000

/** Another process that claims the folder and says so. */
async function aHolder(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, '../../testing/lock-process.ts'), [folder], { execArgv: ['--conditions=@similarity/source'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

const busyWith = (pid: number | undefined) => ({ code: 'data_folder_busy', detail: `Process ${pid} is working on the data folder.` })

it('a folder is claimed once, and free again after closing', async () => {
  const lock = await openDataFolderLock(folder)

  await expect(openDataFolderLock(folder)).rejects.toMatchObject(busyWith(process.pid))
  expect((await stat(file())).mode & 0o777).toBe(0o600)
  await lock.close()
  const again = await openDataFolderLock(folder)
  await again.close()
})

it('R4: the lock of a process that was killed is taken over', async () => {
  const holder = await aHolder()
  await expect(openDataFolderLock(folder)).rejects.toMatchObject(busyWith(holder.pid))

  holder.kill('SIGKILL')
  await once(holder, 'exit')

  const lock = await openDataFolderLock(folder)
  await expect(openDataFolderLock(folder)).rejects.toMatchObject(busyWith(process.pid))
  await lock.close()
})

it('R4: the lock of a killed process is free, though its number is that of another process by now', async () => {
  const first = await openDataFolderLock(folder)
  await first.close()

  // The row still names this process, which lives.
  const lock = await openDataFolderLock(folder)
  await lock.close()
})

it.runIf(process.platform !== 'win32')('R4: the lock of a process that is stopped and has not moved for long is never stolen', async () => {
  const holder = await aHolder()
  holder.kill('SIGSTOP')
  const longAgo = new Date(Date.now() - 100 * HOUR_MS)
  await utimes(file(), longAgo, longAgo)

  await expect(openDataFolderLock(folder)).rejects.toMatchObject(busyWith(holder.pid))
})

it.each([['ahead', HOUR_MS], ['back', -HOUR_MS]])('R16: a clock that is an hour %s takes no lock away', async (_direction, jump) => {
  const holder = await aHolder()
  vi.setSystemTime(Date.now() + jump)
  onTestFinished(() => void vi.useRealTimers())

  await expect(openDataFolderLock(folder)).rejects.toMatchObject(busyWith(holder.pid))
})

it('of many that claim a folder at once, one gets it', async () => {
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => openDataFolderLock(folder)))

  const held = claims.filter(claim => claim.status === 'fulfilled')
  expect(held.length).toBe(1)
  await held[0]!.value.close()
})

it('a lock that is none is named', async () => {
  await writeFile(file(), 'not a lock'.repeat(1_000))

  await expect(openDataFolderLock(folder)).rejects.toMatchObject({ code: 'store_unreadable', detail: expect.stringContaining('lock.db') as string })
})
