import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Task } from '../../shared/src/types.ts'
import { files, isFinished, openNewsroom } from '../../server/src/testing/newsroom.ts'
import { startWorker, type ServedCompanion } from '../../server/src/testing/served-companion.ts'
import { startTemporal } from '../../server/src/testing/temporal.ts'
import { round } from '../speed/measure.ts'
import type { Part } from '../speed/report.ts'

interface WorkersOptions {
  readonly documents: number
  readonly say: (text: string) => void
}

const CHARACTERS = 2_000
const BATCH = 8
/** Linux counts processor time in hundredths of a second. */
const TICKS = 100
const CORES_JUDGED = 4

/** Seldom, so that the servers' share is what the work takes and not what it takes to look. */
const LOOKED_AT_EVERY_MS = 250

/** Passages a second that one worker and two embed, each with one thread, over a real Elasticsearch and a real Temporal on the same machine. */
export async function measureWorkers({ documents, say }: WorkersOptions): Promise<Part> {
  await using stack = new AsyncDisposableStack()
  const newsroom = stack.use(await openNewsroom())
  const temporal = await startTemporal()
  stack.defer(() => temporal.stop())
  const env = { SIMILARITY_ENGINE: 'temporal', SIMILARITY_STORE: 'elasticsearch', TEMPORAL_ADDRESS: temporal.address }
  const options = { datashareUrl: newsroom.datashareUrl, elasticsearchUrl: newsroom.elasticsearch.url, env }
  const companion = await newsroom.serve({ ...options, dataDir: await newsroom.newFolder() })
  const servers = [newsroom.elasticsearch.pid, temporal.pid, companion.pid]
  const speeds: number[] = []
  const rows: Part['rows'][number][] = []
  for (const count of [1, 2]) {
    const project = `workers-${count}`
    await newsroom.addProject(project, files(documents, CHARACTERS))
    const workers = await Promise.all(Array.from({ length: count }, async () => startWorker({ ...options, dataDir: await newsroom.newFolder() })))
    // The model of each is loaded, and the servers are warm, before the clock runs.
    const { id } = (await companion.client.call<{ task: Task }>('POST', `/api/projects/${project}/vectorize`, { mode: 'update', batchSize: BATCH })).body.task
    const begun = await until(companion, id, ({ counts }) => counts.done > BATCH * 4)
    const [started, before] = [performance.now(), await processorSeconds(servers)]
    const embedded = await until(companion, id, ({ phase, state }) => phase === 'indexing' || phase === 'verifying' || state === 'DONE')
    const seconds = (performance.now() - started) / 1_000
    const share = (await processorSeconds(servers) - before) / seconds / availableParallelism()
    await until(companion, id, isFinished)
    await Promise.all(workers.map(worker => worker.stop()))
    const speed = (embedded.counts.passages - begun.counts.passages) / seconds
    say(`workers: ${count}: ${speed.toFixed(1)} passages a second`)
    speeds.push(speed)
    rows.push({ name: `${count} ${count === 1 ? 'worker' : 'workers'}`, figures: { 'passages a second': round(speed), 'share of the servers': round(share) } })
  }
  const ratio = round((speeds[1] ?? NaN) / (speeds[0] ?? NaN))
  const cores = availableParallelism()
  return {
    name: 'workers', unit: `one thread each, on a machine with ${cores} cores; the servers' share is of all of its processors`,
    rows: [...rows, { name: 'two ÷ one', figures: { 'passages a second': ratio } }],
    claims: cores < CORES_JUDGED ? [] : [{ claim: 'two workers ÷ one', least: 1.8, measured: ratio }],
  }
}

async function until({ client }: ServedCompanion, id: string, isWanted: (task: Task) => boolean): Promise<Task> {
  for (;;) {
    const { body } = await client.call<Task>('GET', `/api/tasks/${id}`)
    if (isWanted(body)) return body
    if (isFinished(body)) throw new Error(`the vectorization ended ${body.state} too soon`)
    await sleep(LOOKED_AT_EVERY_MS)
  }
}

async function processorSeconds(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(async (pid) => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  }))
  return each.reduce((sum, seconds) => sum + seconds, 0)
}
