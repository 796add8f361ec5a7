import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { measureEmbedding } from './embedding.ts'
import type { Part } from './report.ts'

const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'

/** Figures are there and are numbers; how large they are depends on the machine. */
function expectFigures(part: Part): void {
  const figures = part.rows.flatMap(row => Object.values(row.figures)).filter(figure => figure !== undefined)
  const values = [...figures.flatMap(figure => (typeof figure === 'number' ? [figure] : [figure.low, figure.median, figure.high])), ...part.claims.map(({ measured }) => measured)]

  expect(values.length, part.name).toBeGreaterThan(0)
  expect(values.filter(value => !Number.isFinite(value)), part.name).toEqual([])
}

it('measures ways to embed beside the limit of the runtime', { timeout: 120_000 }, async () => {
  const part = await measureEmbedding({ texts: 4, rounds: 2, python: null })

  expect(part.rows.map(({ name }) => name)).toEqual(['ours', 'floor: onnxruntime-node, input prepared', 'pipeline int8, batch 1', 'pipeline int8, batch 16'])
  expect(part.rows.map(({ figures }) => Object.keys(figures))).toEqual(part.rows.map(() => ['equal lengths', 'mixed lengths']))
  expectFigures(part)
})

it.runIf(isLong)('npm run bench -- --quick writes its figures (long)', { timeout: 900_000 }, async () => {
  const root = join(import.meta.dirname, '../..')
  await promisify(execFile)(process.execPath, ['--conditions=@similarity/source', 'bench/speed.ts', '--quick', '--no-python'], { cwd: root })
  const { machine, parts } = JSON.parse(await readFile(join(root, 'bench/results/speed-quick.json'), 'utf8')) as { machine: { cores: number }, parts: Part[] }

  expect(machine.cores).toBeGreaterThan(0)
  expect(parts.map(({ name }) => name)).toEqual(['embedding', 'searching', 'store', 'vectorizing', 'starting'])
  parts.forEach(expectFigures)
})
