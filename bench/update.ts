import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { openModel } from '../server/src/testing/memory-run.ts'
import { createStandInEmbedders } from '../server/src/testing/stand-in-embedders.ts'
import { measureUpdates } from '../server/src/testing/update-run.ts'

/**
 * npm run bench:update [-- documents] [--stand-in]: what an update costs beside a first vectorization of documents of 1 KB:
 * with nothing changed, and with one in a hundred. With --stand-in instead of the model: the rest of it, in a fraction of the time.
 * Writes bench/results/update.json.
 */
const CHARACTERS = 1_000
const { values, positionals } = parseArgs({ allowPositionals: true, options: { 'stand-in': { type: 'boolean', default: false } } })
const documents = Number(positionals[0] ?? 10_000)
if (!Number.isInteger(documents) || documents < 100) throw new Error('documents: a whole number of 100 or more is needed')

const embedders = values['stand-in'] ? createStandInEmbedders() : await openModel()
const runs = await measureUpdates(embedders, { documents, characters: CHARACTERS, changed: Math.round(documents / 100) }).finally(() => embedders.close())
const first = runs[0]?.seconds ?? NaN
const table = runs.map(run => ({ ...run, 'of the first': `${(run.seconds / first * 100).toFixed(1)} %` }))
console.table(table)
await mkdir('bench/results', { recursive: true })
await writeFile('bench/results/update.json', `${JSON.stringify({ documents, characters: CHARACTERS, standIn: values['stand-in'], runs: table }, null, 2)}\n`)
