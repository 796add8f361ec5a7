import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { composeWorker, type Overrides } from '../app/compose.ts'
import { readConfig } from '../app/config.ts'
import { createLogger } from '../log.ts'
import { clusterEnv, startTemporal } from './temporal.ts'

export interface WorkerBeside extends AsyncDisposable {
  /** The settings of a companion of the same cluster. */
  readonly env: Readonly<Record<string, string>>
}

/** The full Temporal beside an Elasticsearch, and a worker in this process, which may have parts of the test's own. */
export async function startWorkerBeside(elasticsearchUrl: string, overrides: Pick<Overrides, 'source' | 'embedders'>): Promise<WorkerBeside> {
  await using opened = new AsyncDisposableStack()
  const temporal = await startTemporal('full')
  opened.defer(() => temporal.stop())
  const env = { ...clusterEnv(temporal), ELASTICSEARCH_URL: elasticsearchUrl }
  const dataDir = await mkdtemp(join(tmpdir(), 'similarity-worker-'))
  opened.defer(() => rm(dataDir, { recursive: true }))
  opened.use(await composeWorker(readConfig({ ...env, SIMILARITY_DATA_DIR: dataDir }), createLogger('silent'), overrides))
  const stack = opened.move()
  return { env, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
