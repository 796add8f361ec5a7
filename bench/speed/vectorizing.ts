import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Task } from '../../shared/src/types.ts'
import { aDocument, hasJava, type IndexedDocument } from '../../server/src/testing/elasticsearch.ts'
import { descendants, residentMemory } from '../../server/src/testing/memory-run.ts'
import { isFinished, openNewsroom, type Newsroom } from '../../server/src/testing/newsroom.ts'
import { dice } from '../../server/src/testing/random.ts'
import { sampleTexts } from '../../server/src/testing/sample-collection.ts'
import type { ServedCompanion, ServedOptions } from '../../server/src/testing/served-companion.ts'
import { REFERENCE } from './contenders.ts'
import { figureOf, round } from './measure.ts'
import type { PythonSide } from './python.ts'
import type { Part, Row } from './report.ts'

export interface VectorizingOptions {
  readonly documents: number
  readonly python: PythonSide | null
  readonly say: (text: string) => void
}

const PROJECT = 'harbour'
const STARTS = 5
const CORES = availableParallelism()
/** Seldom: whoever looks all the time takes a core from what is looked at. */
const LOOKED_AT_EVERY_MS = 1_000

/** From Datashare's index in a real Elasticsearch to a store that can be searched, and from a start to the first answer. The built companion. */
export async function measureVectorizing({ documents, python, say }: VectorizingOptions): Promise<Part[]> {
  if (!hasJava()) {
    say('without vectorizing and starting: they need Java 17 and Maven')
    return []
  }
  await using newsroom = await openNewsroom()
  const made = await records(documents)
  await newsroom.addProject(PROJECT, made)
  const options = { dataDir: await newsroom.newFolder(), isBuilt: true, env: { SIMILARITY_THREADS: String(CORES) } }
  say(`vectorizing: ${documents} documents`)
  const vectorizing = await vectorize(newsroom, options, made)
  if (python !== null) vectorizing.rows.push(await byReference(python, newsroom.elasticsearch.url, documents))
  say('starting')
  return [vectorizing, await start(newsroom, options)]
}

/** Documents of about 2 to 6 KB, out of paragraphs of the sample collection. */
async function records(count: number): Promise<IndexedDocument[]> {
  const paragraphs = [...(await sampleTexts()).values()].flatMap(text => text.split(/\n\s*\n/)).filter(text => text.length > 80)
  const random = dice(5)
  return Array.from({ length: count }, (_, number) => {
    const content = [`Record ${number}`, ...Array.from({ length: random.between(6, 18) }, () => paragraphs[random.between(0, paragraphs.length - 1)] ?? '')].join('\n\n')
    return aDocument({ path: `/vault/record-${number}.txt`, content })
  })
}

async function vectorize(newsroom: Newsroom, options: Partial<ServedOptions>, made: readonly IndexedDocument[]): Promise<Part & { rows: Row[] }> {
  await using companion = await newsroom.serve(options)
  const watched = await watch(companion)
  const seconds = watched.milliseconds / 1_000
  const characters = made.reduce((sum, { source }) => sum + String(source['content']).length, 0)
  await companion.stop()
  return {
    name: 'vectorizing', unit: `from Elasticsearch; ${made.length} documents, ${watched.task.counts.passages} passages, ${CORES} cores`,
    rows: [{ name: 'ours, all of each document', figures: {
      'documents/s': round(made.length / seconds), 'passages/s': round(watched.task.counts.passages / seconds), 'characters/s': Math.round(characters / seconds),
      'processor s': round(watched.main + watched.model), 'peak MB': Math.round(watched.megabytes),
    } }],
    claims: [
      { claim: 'processor time of the embedding processes ÷ all cores for the whole time', least: 0.92, measured: round(watched.model / (seconds * CORES)) },
      { claim: 'processor time of the embedding processes ÷ all of the companion\'s', least: 0.92, measured: round(watched.model / (watched.main + watched.model)) },
    ],
  }
}

interface Watched {
  readonly task: Task
  readonly milliseconds: number
  /** Seconds of processor time. */
  readonly main: number
  readonly model: number
  /** Peak of all its processes together. */
  readonly megabytes: number
}

/** A vectorization from its start to its end, and what its processes take meanwhile: those for documents end soon after it. */
async function watch({ pid, client }: ServedCompanion): Promise<Watched> {
  const before = await processorSeconds(pid)
  let { body: { task } } = await client.call<{ task: Task }>('POST', `/api/projects/${PROJECT}/vectorize`, {})
  let [seconds, megabytes] = [before, 0]
  while (!isFinished(task)) {
    const [now, { main, children }] = await Promise.all([processorSeconds(pid), residentMemory(pid)])
    seconds = { main: now.main, model: Math.max(seconds.model, now.model) }
    megabytes = Math.max(megabytes, main + children)
    await sleep(LOOKED_AT_EVERY_MS)
    task = (await client.call<Task>('GET', `/api/tasks/${task.id}`)).body
  }
  if (task.state !== 'DONE') throw new Error(`the vectorization ended ${task.state}`)
  return { task, milliseconds: Date.parse(task.completedAt ?? '') - Date.parse(task.createdAt), main: seconds.main - before.main, model: seconds.model - before.model, megabytes }
}

const TICKS_A_SECOND = 100

async function processorSeconds(pid: number): Promise<{ main: number, model: number }> {
  const children = await Promise.all((await descendants(pid)).map(ticksOf))
  return { main: await ticksOf(pid) / TICKS_A_SECOND, model: children.reduce((sum, ticks) => sum + ticks, 0) / TICKS_A_SECOND }
}

/** User and system time of a process. */
async function ticksOf(pid: number): Promise<number> {
  const fields = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [user = 0, system = 0] = fields.slice(fields.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number)
  return user + system
}

/** Each document one text, cut at the model's limit, one vector. */
async function byReference({ python, transformer }: PythonSide, url: string, documents: number): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'similarity-reference-'))
  try {
    const { stdout } = await promisify(execFile)(python, [REFERENCE, 'vectorize', transformer, url, PROJECT, folder])
    const { wallMs, cpuMs } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { wallMs: number, cpuMs: number }
    return { name: 'the reference\'s way, 256 tokens of each', figures: { 'documents/s': round(documents / wallMs * 1_000), 'passages/s': round(documents / wallMs * 1_000), 'processor s': round(cpuMs / 1_000) } }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Stopped and started again on what it has vectorized. */
async function start(newsroom: Newsroom, options: Partial<ServedOptions>): Promise<Part> {
  const [listening, answered, megabytes]: [number[], number[], number[]] = [[], [], []]
  for (let turn = 0; turn < STARTS; turn++) {
    const started = performance.now()
    await using companion = await newsroom.serve(options)
    listening.push(performance.now() - started)
    await companion.client.similar(PROJECT, { queries: ['who owned the apartment'] })
    answered.push(performance.now() - started)
    const { main, children } = await residentMemory(companion.pid)
    megabytes.push(main + children)
    await companion.stop()
  }
  return { name: 'starting', unit: 'ms from the command, with what was vectorized', rows: [{ name: 'companion', figures: { 'listens': figureOf(listening), 'first answer': figureOf(answered), 'memory then, MB': figureOf(megabytes) } }], claims: [] }
}
