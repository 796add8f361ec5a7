import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openModel } from '../server/src/testing/memory-run.ts'
import { intoDocument } from './document.ts'
import { measureEmbedding } from './speed/embedding.ts'
import { hasFastIntegers, machine } from './speed/machine.ts'
import { pythonSide } from './speed/python.ts'
import { asMarkdown, type Part } from './speed/report.ts'
import { measureSearching } from './speed/searching.ts'
import { measureVectorizing } from './speed/vectorizing.ts'

/*
 * npm run bench [-- options]: how fast documents are vectorized and found, beside the limit of the machine and the reference's way, in the same run.
 * Writes bench/results/speed-*.json, and where all was measured at the usual sizes the figures in docs/performance.md.
 */
const PARTS = ['embedding', 'searching', 'vectorizing'] as const
const USAGE = `npm run bench -- [options]
  --quick       small sizes: within five minutes
  --whole       up to a million passages: hours on two cores
  --only NAME   ${PARTS.join(' | ')}; may be given several times
  --no-python   without the reference's libraries`

const SIZES = {
  quick: { texts: 60, rounds: 3, passages: [1_000, 10_000], queries: 40, documents: 150 },
  usual: { texts: 150, rounds: 5, passages: [10_000, 100_000], queries: 100, documents: 600 },
  whole: { texts: 200, rounds: 7, passages: [10_000, 100_000, 1_000_000], queries: 200, documents: 5_000 },
}

const { values } = parseArgs({ allowNegative: true, options: {
  quick: { type: 'boolean', default: false }, whole: { type: 'boolean', default: false }, only: { type: 'string', multiple: true }, python: { type: 'boolean', default: true },
} })
const chosen = PARTS.filter(name => values.only?.includes(name) ?? true)
if (chosen.length < (values.only?.length ?? 1)) throw new Error(USAGE)
const size = values.quick ? 'quick' : values.whole ? 'whole' : 'usual'
const { texts, rounds, passages, queries, documents } = SIZES[size]

const started = performance.now()
const say = (text: string): void => console.error(`${String(Math.round((performance.now() - started) / 1_000)).padStart(5)} s  ${text}`)

const python = values.python ? await pythonSide(say) : null
const measure: Readonly<Record<typeof PARTS[number], () => Promise<Part[]>>> = {
  embedding: async () => [await measureEmbedding({ texts, rounds, python })],
  searching: async () => {
    const embedders = await openModel()
    return await measureSearching(embedders, { sizes: passages, queries, python, say }).finally(() => embedders.close())
  },
  vectorizing: () => measureVectorizing({ documents, python, say }),
}

const parts: Part[] = []
for (const name of chosen) {
  say(name)
  parts.push(...await measure[name]())
}
const here = await machine()
const judges = hasFastIntegers(here) && size !== 'quick'
const figures = [
  `${here.processor}, ${here.cores} cores, ${here.gigabytes} GB, Node ${here.node}; ${here.flags.join(' ')}.`,
  ...parts.map(part => asMarkdown(part, judges)),
].join('\n\n')
console.log(figures)
const results = fileURLToPath(new URL('results', import.meta.url))
const isComplete = chosen.length === PARTS.length && python !== null
const file = chosen.length === PARTS.length ? `speed-${size}.json` : `speed-${size}-${chosen.join('-')}.json`
await mkdir(results, { recursive: true })
await writeFile(join(results, file), JSON.stringify({ machine: here, size, hasReference: python !== null, parts }, null, 2))
if (isComplete && size === 'usual') await intoDocument('performance.md', 'npm run bench', figures)
say(`done: bench/results/${file}`)
