import { measureMemory } from '../server/src/testing/memory-run.ts'

/** npm run bench memory [documents]: peak and growth of memory over a whole vectorization. JSON on the last line. */
const CHARACTERS = 2_000
const documents = Number(process.argv[2] ?? 20_000)
if (!Number.isInteger(documents) || documents < 1) throw new Error('documents: a whole number above 0 is needed')

const result = await measureMemory(documents, CHARACTERS)
console.table({
  main: { 'peak MB': result.peakMegabytes.main, 'MB per 1,000 documents': result.slopeMegabytes.main },
  children: { 'peak MB': result.peakMegabytes.children, 'MB per 1,000 documents': result.slopeMegabytes.children },
  total: { 'peak MB': result.peakMegabytes.total, 'MB per 1,000 documents': result.slopeMegabytes.total },
})
console.log(JSON.stringify(result))
