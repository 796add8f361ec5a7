import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { MemoryReport } from '../../testing/memory-run.ts'

/** The short form measures early, where pools still fill: the bounds catch a leak of documents, passages or vectors, not one of bytes. */
const DOCUMENTS = process.env['SIMILARITY_LONG_TESTS'] === undefined ? 300 : 1_000

it.runIf(process.platform === 'linux')('the memory of a vectorization stays within its bounds, in the main process and in each child', { timeout: 600_000 }, async () => {
  const bench = join(import.meta.dirname, '../../../../bench/memory.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--conditions=@similarity/source', bench, String(DOCUMENTS)])
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as MemoryReport

  expect(report.documents).toBe(DOCUMENTS)
  expect(report.peakMegabytes.main).toBeLessThan(600)
  expect(report.peakMegabytes.children / (report.processes - 1)).toBeLessThan(500)
})
