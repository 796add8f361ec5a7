import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openModel } from '../server/src/testing/memory-run.ts'
import { intoDocument } from './document.ts'
import { measureElasticsearch, measureLance } from './scale/sizes.ts'
import { measureWorkers } from './scale/workers.ts'
import { machine } from './speed/machine.ts'
import { asMarkdown, type Part } from './speed/report.ts'

/*
 * npm run bench:scale [-- options]: how both stores grow with the passages, and what a second worker brings.
 * Writes bench/results/scale-*.json, and the figures in docs/scaling.md where all was measured, and not at the quick sizes.
 */
const PARTS = ['lancedb', 'elasticsearch', 'workers'] as const
const USAGE = `npm run bench:scale -- [options]
  --quick       small sizes: some minutes
  --whole       a million passages in LanceDB, 200,000 in Elasticsearch: hours on two cores
  --only NAME   ${PARTS.join(' | ')}; may be given several times`

const RESULTS = fileURLToPath(new URL('results', import.meta.url))

const SIZES = {
  quick: { lancedb: [2_000, 10_000], elasticsearch: [2_000, 10_000], queries: 20, documents: 120 },
  usual: { lancedb: [10_000, 30_000, 100_000], elasticsearch: [10_000, 20_000, 30_000], queries: 30, documents: 200 },
  whole: { lancedb: [10_000, 100_000, 1_000_000], elasticsearch: [10_000, 50_000, 200_000], queries: 100, documents: 1_000 },
}

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, whole: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } } })
const chosen = PARTS.filter(name => values.only?.includes(name) ?? true)
if (chosen.length < (values.only?.length ?? 1)) throw new Error(USAGE)
const size = values.quick ? 'quick' : values.whole ? 'whole' : 'usual'
const { lancedb, elasticsearch, queries, documents } = SIZES[size]

const started = performance.now()
const say = (text: string): void => console.error(`${String(Math.round((performance.now() - started) / 1_000)).padStart(5)} s  ${text}`)

const measure: Readonly<Record<typeof PARTS[number], () => Promise<Part[]>>> = {
  lancedb: async () => withModel(embedders => measureLance(embedders, { sizes: lancedb, queries, say })),
  elasticsearch: async () => withModel(embedders => measureElasticsearch(embedders, { sizes: elasticsearch, queries, say })),
  workers: async () => [await measureWorkers({ documents, say })],
}

async function withModel<T>(use: (embedders: Awaited<ReturnType<typeof openModel>>) => Promise<T>): Promise<T> {
  const embedders = await openModel()
  return use(embedders).finally(() => embedders.close())
}

/** In a process of its own: what one part has left in memory is none of the next one's. */
async function measureAlone(name: typeof PARTS[number]): Promise<Part[]> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2), '--only', name], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit') as [number | null]
  if (code !== 0) throw new Error(`${name} ended with ${code ?? 'a signal'}`)
  const { parts } = JSON.parse(await readFile(join(RESULTS, `scale-${size}-${name}.json`), 'utf8')) as { parts: Part[] }
  return parts
}

const parts: Part[] = []
for (const name of chosen) {
  say(name)
  parts.push(...await (chosen.length === 1 ? measure[name]() : measureAlone(name)))
}
const here = await machine()
const judges = size !== 'quick'
const figures = [`${here.processor}, ${here.cores} cores, ${here.gigabytes} GB, Node ${here.node}.`, ...parts.map(part => asMarkdown(part, judges))].join('\n\n')
console.log(figures)
const file = chosen.length === PARTS.length ? `scale-${size}.json` : `scale-${size}-${chosen.join('-')}.json`
await mkdir(RESULTS, { recursive: true })
await writeFile(join(RESULTS, file), JSON.stringify({ machine: here, size, parts }, null, 2))
if (chosen.length === PARTS.length && judges) await intoDocument('scaling.md', 'npm run bench:scale', figures)
say(`done: bench/results/${file}`)
