import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { MemoryReport } from '../../testing/memory-run.ts'
import { allocator } from '../../../bin/allocator.js'

const run = async (...args: string[]): Promise<MemoryReport> => {
  const bench = join(import.meta.dirname, '../../../../bench/memory.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--conditions=@similarity/source', bench, ...args], { env: { ...process.env, ...allocator } })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as MemoryReport
}

// Measured: 4 to 9 MB; 22 MB with glibc's defaults. The model's processes are left out here: they hold no document.
it.runIf(process.platform === 'linux')('R14: memory stays flat over more than two thousand documents', { timeout: 300_000 }, async () => {
  const report = await run('3500', '--stand-in')

  expect(report.documents).toBe(3_500)
  expect(report.slopeMegabytes.main).toBeLessThan(15)
})

it.runIf(process.platform === 'linux')('a process of the model stays within its bounds', { timeout: 600_000 }, async () => {
  const report = await run('200')

  expect(report.peakMegabytes.main).toBeLessThan(450)
  expect(report.peakMegabytes.children / (report.processes - 1)).toBeLessThan(350)
})
