import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { openDataFolderLock } from './lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'similarity-lock-'))
  return () => rm(folder, { recursive: true, force: true })
})
const file = (): string => join(folder, 'companion.lock')

it('a folder is claimed once, and free again after closing', async () => {
  const lock = await openDataFolderLock(folder)

  await expect(openDataFolderLock(folder)).rejects.toMatchObject({ code: 'data_folder_busy', detail: `Process ${process.pid} is working on the data folder.` })
  expect((await stat(file())).mode & 0o777).toBe(0o600)
  await lock.close()
  await (await openDataFolderLock(folder)).close()
  expect(await readdir(folder)).toEqual([])
})

it('the lock of a dead process is taken over', async () => {
  const child = fork('-e', [], { execArgv: ['-e', '0'], stdio: 'ignore' })
  await once(child, 'exit')
  await writeFile(file(), JSON.stringify({ pid: child.pid, started: '1' }))

  await using lock = disposable(await openDataFolderLock(folder))
  expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ pid: process.pid })
  expect(lock).toBeDefined()
})

it.runIf(process.platform === 'linux')('the lock of a dead process whose id is in use again is taken over', async () => {
  await writeFile(file(), JSON.stringify({ pid: process.pid, started: '1' }))

  await (await openDataFolderLock(folder)).close()
})

it('a lock that holds no sense is taken over', async () => {
  await writeFile(file(), 'not a lock')

  await (await openDataFolderLock(folder)).close()
})

it('of many that take a dead lock over at once, one gets it', async () => {
  await writeFile(file(), JSON.stringify({ pid: 2 ** 22 + 1, started: '1' }))

  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => openDataFolderLock(folder)))

  const held = claims.filter(claim => claim.status === 'fulfilled')
  expect(held.length).toBe(1)
  await held[0]!.value.close()
})

const disposable = <T extends { close(): Promise<void> }>(it: T): T & AsyncDisposable => ({ ...it, [Symbol.asyncDispose]: () => it.close() })
