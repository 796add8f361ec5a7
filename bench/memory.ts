import { parseArgs } from 'node:util'
import { measureMemory, openModel } from '../server/src/testing/memory-run.ts'
import { createStandInEmbedders } from '../server/src/testing/stand-in-embedders.ts'

/**
 * npm run bench:memory [-- documents] [--stand-in] [--small-caches]: peak and growth of memory over a whole vectorization of documents of 2 KB.
 * With --stand-in instead of the model: the rest of it, a hundred times as fast. With --small-caches instead of LanceDB's usual ones, of 48 MB,
 * which take tens of thousands of documents to fill: what else grows. JSON on the last line.
 */
const CHARACTERS = 2_000
const { values, positionals } = parseArgs({ allowPositionals: true, options: { 'stand-in': { type: 'boolean', default: false }, 'small-caches': { type: 'boolean', default: false } } })
const documents = Number(positionals[0] ?? 20_000)
if (!Number.isInteger(documents) || documents < 1) throw new Error('documents: a whole number above 0 is needed')

const embedders = values['stand-in'] ? createStandInEmbedders() : await openModel()
const result = await measureMemory(embedders, documents, CHARACTERS, { smallCaches: values['small-caches'] }).finally(() => embedders.close())
console.table({
  main: { 'peak MB': result.peakMegabytes.main, 'MB per 1,000 documents': result.slopeMegabytes.main },
  children: { 'peak MB': result.peakMegabytes.children, 'MB per 1,000 documents': result.slopeMegabytes.children },
  total: { 'peak MB': result.peakMegabytes.total, 'MB per 1,000 documents': result.slopeMegabytes.total },
})
console.log(JSON.stringify(result))
