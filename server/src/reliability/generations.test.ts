import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Project, SimilarAnswer, Task } from '@datashare-similarity/shared'
import type { Overrides } from '../app/compose.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { BUNDLED_MODELS_DIR, modelOf } from '../embedding/registry.ts'
import { createLogger } from '../log.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startElasticsearch } from '../testing/elasticsearch.ts'
import { describeEngines } from '../testing/engines.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { prose } from '../testing/memory-documents.ts'
import { isFinished } from '../testing/newsroom.ts'
import { startWorkerBeside, type WorkerBeside } from '../testing/worker-beside.ts'

const MODEL = 'all-MiniLM-L6-v2'
const OTHER = 'another-model'
const DOCUMENTS = 60
const PER_SECOND = 50
/** A machine that is busy with something else answers fewer: what waits longer is refused, and that is another test. */
const UNDER_WAY = 16
/** A caller may have two searches at once: a newsroom asks together. */
const CALLERS = Array.from({ length: 10 }, (_, index) => `reader-${index}`)

describeEngines('generations', (engine, form) => {
  const stack = new AsyncDisposableStack()
  let companion: GuardedCompanion

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'similarity-generations-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    for (const id of [MODEL, OTHER]) await cp(join(BUNDLED_MODELS_DIR, MODEL), join(folder, id), { recursive: true })
    const bundled = modelOf(MODEL)
    const documents = createEditableDocuments({ harbour: Object.fromEntries(Array.from({ length: DOCUMENTS }, (_, index) => [`file-${index}`, prose(index, 800)])) })
    const embedders = () => openEmbedders({ defaultModel: MODEL, bundledDir: folder, registry: [bundled, { ...bundled, id: OTHER }], threads: 1, log: createLogger('silent') })
    const users = CALLERS.map(uid => ({ uid, apiKey: `${uid}-key`, projects: ['harbour'], roles: [{ role: 'PROJECT_EDITOR' as const, on: '*::*' }] }))
    const env = engine === 'temporal' ? await startCluster({ source: () => Promise.resolve(documents), embedders }) : {}
    companion = stack.use(await startGuardedCompanion({ documents, users, env, overrides: { embedders } }))
    await companion.vectorize('reader-0-key', 'harbour')
  }, 1_200_000)
  afterAll(() => stack.disposeAsync())

  async function startCluster(overrides: Pick<Overrides, 'source' | 'embedders'>): Promise<WorkerBeside['env']> {
    const elasticsearch = await startElasticsearch()
    stack.defer(() => elasticsearch.stop())
    return stack.use(await startWorkerBeside(elasticsearch.url, overrides)).env
  }

  const as = (caller = 'reader-0') => companion.as(`${caller}-key`)
  const rebuild = async (body: object = {}): Promise<string> => ((await as()('POST', '/api/projects/harbour/vectorize', { mode: 'rebuild', ...body })).json as { task: Task }).task.id
  const taskOf = async (id: string): Promise<Task> => (await as()('GET', `/api/tasks/${id}`)).json as Task
  const search = (caller?: string, mode = 'hybrid') => as(caller)('POST', '/api/projects/harbour/similar', { queries: ['who sold the yacht'], mode })

  it(`R12${form}: while new generations are swapped in, 50 searches a second all succeed and none is empty`, async () => {
    const faults: string[] = []
    const generations = new Set<string | null>()
    const asking = new Set<Promise<void>>()
    let asked = 0
    const ask = async (number: number): Promise<void> => {
      const { status, json } = await search(CALLERS[number % CALLERS.length], number % 3 === 0 ? 'hybrid' : 'words')
      const { results, generation } = json as SimilarAnswer
      if (status !== 200) faults.push(`${status} ${(json as { code: string }).code}`)
      else if ((results[0]?.documents.length ?? 0) === 0) faults.push('empty')
      else generations.add(generation)
    }
    const started = performance.now()
    for (let swaps = 0; swaps < 2; swaps++) {
      const id = await rebuild()
      for (let isDone = false; !isDone;) {
        while (asked < (performance.now() - started) / 1_000 * PER_SECOND && asking.size < UNDER_WAY) {
          const one = ask(asked++).finally(() => asking.delete(one))
          asking.add(one)
        }
        isDone = isFinished(await taskOf(id))
        await sleep(20)
      }
    }
    await Promise.all(asking)

    expect(faults).toEqual([])
    expect(asked).toBeGreaterThan(2 * PER_SECOND)
    expect(generations.size).toBeGreaterThanOrEqual(2)
  }, 300_000)

  it(`R11${form}: another model comes in by a rebuild alone; the vectors of the old one answer until it is complete`, async () => {
    const before = (await search()).json as SimilarAnswer
    const modelNow = async (): Promise<string> => ((await as()('GET', '/api/projects/harbour')).json as Project).model.id

    const refused = await as()('POST', '/api/projects/harbour/vectorize', { mode: 'update', model: OTHER })
    const id = await rebuild({ model: OTHER })
    const meanwhile: (string | null)[] = []
    for (;;) {
      const model = await modelNow()
      const { generation, results } = (await search()).json as SimilarAnswer
      expect(results[0]?.documents.length).toBeGreaterThan(0)
      if (generation !== before.generation) break
      expect(model).toBe(MODEL)
      meanwhile.push(generation)
    }

    expect(refused).toMatchObject({ status: 422, json: { code: 'model_differs' } })
    expect(meanwhile.length).toBeGreaterThan(0)
    await expect.poll(async () => (await taskOf(id)).state).toBe('DONE')
    expect(await modelNow()).toBe(OTHER)
  }, 120_000)
})
