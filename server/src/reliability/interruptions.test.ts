import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, type Project, type SimilarityError, type Task } from '@datashare-similarity/shared'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import { clientOf, runCli } from '../testing/companion.ts'
import { hasJava } from '../testing/elasticsearch.ts'
import { describeEngines } from '../testing/engines.ts'
import { serveHttp } from '../testing/http.ts'
import { files, isFinished, openNewsroom, untilTask, type Newsroom } from '../testing/newsroom.ts'
import type { ServedCompanion } from '../testing/served-companion.ts'

const DOCUMENTS = 60
const CANCELLED_WITHIN_MS = 5_000
/** What a service manager gives. */
const STOPPED_WITHIN_MS = 10_000
/** Enough to begin, too little for the vectors of the documents. */
const ROOM = 400_000

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0

const start = async ({ client }: ServedCompanion, project: string, body: object): Promise<string> =>
  (await client.call<{ task: Task }>('POST', `/api/projects/${project}/vectorize`, body)).body.task.id

describeEngines('a vectorization that is interrupted (needs Java 17 and Maven)', (engine, form) => {
  let newsroom: Newsroom

  beforeAll(async () => {
    newsroom = await openNewsroom(engine)
    await newsroom.addProject('harbour', files(DOCUMENTS, 900))
    await newsroom.addProject('quay', files(DOCUMENTS, 900, 500))
    for (const project of ['terminal', 'answering', 'stopped']) await newsroom.addProject(project, files(DOCUMENTS, 900))
  }, 1_200_000)
  afterAll(() => newsroom[Symbol.asyncDispose]())

  it(`R10${form}: cancelled at 40 % it is cancelling, then cancelled within 5 seconds, and writes no more; resumed it does the rest; another project's chain is untouched`, async () => {
    const dataDir = await newsroom.newFolder()
    const companion = await newsroom.serve({ dataDir })
    const id = await start(companion, 'harbour', { batchSize: 4 })
    const other = await start(companion, 'quay', { batchSize: 4 })
    await untilTask(companion, id, ({ progress }) => progress >= 0.4)

    const asked = performance.now()
    const { body: { task: cancelling } } = await companion.client.call<{ task: Task }>('POST', `/api/tasks/${id}/cancel`)
    const cancelled = await untilTask(companion, id, isFinished)
    const milliseconds = performance.now() - asked
    const written = await newsroom.tracesOf(dataDir, 'harbour')
    const otherDone = await untilTask(companion, other, isFinished)

    expect(cancelling).toMatchObject({ state: 'RUNNING', phase: 'cancelling', waitingFor: null })
    expect(cancelled).toMatchObject({ state: 'CANCELLED', phase: null, error: null })
    expect(milliseconds).toBeLessThan(CANCELLED_WITHIN_MS)
    expect(cancelled.counts.done).toBeLessThan(DOCUMENTS)
    expect(written).not.toEqual([])
    expect(await newsroom.tracesOf(dataDir, 'harbour')).toEqual(written)
    expect((await companion.client.call<Task>('GET', `/api/tasks/${id}`)).body).toEqual(cancelled)
    expect(otherDone).toMatchObject({ state: 'DONE', counts: { documents: DOCUMENTS, done: DOCUMENTS } })
    // What is half done is in no answer.
    expect((await companion.client.similar('harbour', { queries: ['yacht'] })).generation).toBeNull()

    const { body: { task: resumed } } = await companion.client.call<{ task: Task }>('POST', `/api/tasks/${id}/resume`)
    const done = await untilTask(companion, resumed.id, isFinished)
    await companion.stop()

    expect(done).toMatchObject({ state: 'DONE', resumes: id, counts: { failed: 0 } })
    expect(done.counts.documents).toBe(DOCUMENTS - cancelled.counts.done)
    const content = await newsroom.contentOf(dataDir, 'harbour')
    expect(content).toMatchObject({ generations: 1, documentRows: DOCUMENTS, passageRows: cancelled.counts.passages + done.counts.passages })
  }, 240_000)

  it(`R17${form}: on the terminal a vectorization is found again after the companion was killed and started anew`, async () => {
    const dataDir = await newsroom.newFolder()
    const first = await newsroom.serve({ dataDir })
    const terminal = runCli(['vectorize', 'terminal', '--batch-size', '4'], { SIMILARITY_URL: first.url })
    const latest = async (): Promise<Task | null> => (await first.client.call<Project>('GET', '/api/projects/terminal')).body.task
    await expect.poll(async () => (await latest())?.counts.done, { timeout: 60_000 }).toBeGreaterThan(0)
    await first.kill()
    await newsroom.serve({ dataDir, env: { SIMILARITY_PORT: new URL(first.url).port } })

    const { code, stdout, stderr } = await terminal

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('no answer, looking again')
    expect(stdout.trimEnd().split('\n').at(-1)).toContain(`100 %  done  ${DOCUMENTS}/${DOCUMENTS} documents`)
  }, 240_000)

  it('stopped (SIGTERM) under 50 searches and a vectorization it answers every search, ends with 0 within 10 seconds, and the vectorization goes on by itself at the next start', async () => {
    const users = Array.from({ length: 5 }, (_, index) => ({ uid: `user-${index}`, apiKey: `key-${index}`, projects: ['answering', 'stopped'], roles: [{ role: 'PROJECT_EDITOR' as const, on: '*::*' }] }))
    await using datashare = await serveHttp(express().use(createDatashareStandIn({ mode: 'SERVER', users, documents: { elasticsearchUrl: newsroom.elasticsearch.url } })))
    const dataDir = await newsroom.newFolder()
    const companion = await newsroom.serve({ dataDir, datashareUrl: datashare.url })
    const [editor, ...others] = users.map(({ apiKey }) => createClient({ url: companion.url, apiKey }))
    await clientOf(companion.url, { Authorization: 'Bearer key-0' }).vectorize('answering')
    const { id } = await editor!.vectorize('stopped', { batchSize: 4 })
    await expect.poll(async () => (await editor!.task(id)).counts.done, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0)

    const searches = Array.from({ length: 50 }, (_, index) => [editor!, ...others][index % 5]!.similar('answering', { queries: [`who sold the yacht of ${index}`, 'who bought it'] })
      .then(({ results }) => results.length, (error: unknown) => (error as SimilarityError).code))
    await Promise.race(searches)
    const asked = performance.now()
    const code = await companion.stop()
    const milliseconds = performance.now() - asked
    const answers = await Promise.all(searches)

    expect(code).toBe(0)
    expect(milliseconds).toBeLessThan(STOPPED_WITHIN_MS)
    expect(answers.filter(answer => answer !== 2 && answer !== 'shutting_down')).toEqual([])

    const next = await newsroom.serve({ dataDir, datashareUrl: datashare.url })
    const again = createClient({ url: next.url, apiKey: 'key-0' })
    await expect.poll(async () => (await again.task(id)).state, { timeout: 120_000 }).toBe('DONE')
    expect((await again.task(id)).counts).toMatchObject({ documents: DOCUMENTS, done: DOCUMENTS, failed: 0 })
    expect(await next.stop()).toBe(0)
  }, 240_000)

  // With Temporal nothing that grows is in the data folder.
  if (engine === 'local') describe.skipIf(!canMount)('by a full disk (needs root on Linux, for a small disk)', () => {
    let disk: string

    beforeAll(async () => {
      disk = await mkdtemp(join(tmpdir(), 'similarity-disk-'))
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=50m', 'tmpfs', disk]).status).toBe(0)
    })
    afterAll(async () => {
      spawnSync('umount', [disk])
      await rm(disk, { recursive: true, force: true })
    })

    it('R9: it waits for room and says so, the vectors before it answer meanwhile, and it goes on by itself when there is room', async () => {
      const ballast = join(disk, 'ballast')
      const dataDir = join(disk, 'data')
      await using companion = await newsroom.serve({ dataDir })
      await companion.client.vectorize('harbour')
      const before = await companion.client.similar('harbour', { queries: ['who sold the yacht'] })
      const { bavail, bsize } = await statfs(disk)
      await writeFile(ballast, Buffer.alloc(bavail * bsize - ROOM))

      const id = await start(companion, 'harbour', { mode: 'rebuild', batchSize: 8 })
      const waiting = await untilTask(companion, id, ({ waitingFor }) => waitingFor !== null)
      const meanwhile = await companion.client.similar('harbour', { queries: ['who sold the yacht'] })
      await rm(ballast)
      const task = await untilTask(companion, id, isFinished)
      await companion.stop()

      expect(waiting).toMatchObject({ state: 'RUNNING', phase: 'waiting', waitingFor: 'disk', error: null })
      expect(before.results[0]?.documents.length).toBeGreaterThan(0)
      expect(meanwhile).toMatchObject({ generation: before.generation, results: before.results })
      expect(task).toMatchObject({ state: 'DONE', counts: { documents: DOCUMENTS, done: DOCUMENTS, failed: 0 } })
      expect(await newsroom.contentOf(dataDir, 'harbour')).toMatchObject({ documentRows: DOCUMENTS, passageRows: task.counts.passages })
    }, 240_000)
  })
}, hasJava())
