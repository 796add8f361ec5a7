import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Evaluation, Problem, Project, SimilarAnswer, Task, TaskList } from '@datashare-similarity/shared'
import { openElasticsearchDocuments } from '../datashare/elasticsearch-documents.ts'
import type { DocumentSource } from '../datashare/source.ts'
import { createLogger } from '../log.ts'
import { runCli, startCompanion, type TestCompanion } from '../testing/companion.ts'
import { aDocument, aDuplicate, aNamedEntity, createProjectIndex, deleteDocuments, hasJava, indexDocuments, startElasticsearch, type IndexedDocument, type TestElasticsearch } from '../testing/elasticsearch.ts'
import { isLong } from '../testing/engines.ts'
import { startWorkerBeside } from '../testing/worker-beside.ts'

const FILLER = 'The weekly meeting went over the usual points, and nobody had anything to add to the minutes of the week before. '

const novel = aDocument({ title: 'novel.txt', content: 'this is a document about a novel' })
const monkey = aDocument({ title: 'monkey.txt', content: 'this is a document about a monkey' })
const reference = [novel, monkey, aDocument({ title: 'car.txt', content: 'this is a document about a car engine' }), aDocument({ title: 'politics.txt', content: 'this is a document about parliamentary elections' })]

const deepAnswer = 'The crates of paintings were moved at night to a disused cannery behind the harbour.'
const long = aDocument({ title: 'long-report.txt', content: `${FILLER.repeat(60)}\n\n${deepAnswer} ${FILLER.repeat(30)}` })
const account = aDocument({ title: 'account.txt', content: 'Opening form. Reference CH93-0076-2011. Signed on behalf of the client.' })
const office = aDocument({ title: 'office.txt', content: 'Registered office: Ugland House, Grand Cayman KY1-1104. Annual return enclosed.' })
const paraphrased = aDocument({ title: 'resignation.txt', content: 'The vicar left his post as a trustee once he understood that the charity helped nobody.' })
const letter = aDocument({ title: 'letter.eml', contentType: 'message/rfc822', content: 'Please find the contract attached.' })
const vault = [
  long, account, office, paraphrased, letter,
  aDocument({ title: 'contract.pdf', content: 'Charter party between the owner and the shipping line for the vessel.', attachmentOf: letter }),
  aDocument({ title: 'scan.tif', content: '', language: 'UNKNOWN' }),
  aDocument({ title: 'rapport.txt', language: 'FRENCH', content: 'Le rapport de sécurité de la mine signale des fissures dans la digue.' }),
  ...['canteen menu for the summer', 'password policy of the office', 'holiday rota of the team', 'invoice for printer paper and ink'].map((text, index) => aDocument({ title: `misc-${index}.txt`, content: `Note on the ${text}. ${FILLER}` })),
]

const editor = { uid: 'alice', apiKey: 'alice-key', projects: ['reference', 'vault'], roles: [{ role: 'PROJECT_EDITOR' as const, on: 'default::*' }] }
const reader = { uid: 'bob', apiKey: 'bob-key', projects: ['reference'], roles: [{ role: 'PROJECT_MEMBER' as const, on: 'default::reference' }] }

const titles = (answer: SimilarAnswer, group = 0): string[] => answer.results[group]?.documents.map(({ title }) => title) ?? []

const engines = ['local', ...isLong ? ['temporal'] : []]

describe.skipIf(!hasJava()).each(engines)('a companion beside a real Elasticsearch, with the engine %s (needs Java 17 and Maven)', (engine) => {
  let elasticsearch: TestElasticsearch
  let companion: TestCompanion
  const reads = { contents: 0 }
  const stack = new AsyncDisposableStack()

  /** Counts the contents that tasks read. */
  const counting = async (): Promise<DocumentSource> => {
    const source = await openElasticsearchDocuments({ url: elasticsearch.url, log: createLogger('silent') })
    return {
      ...source,
      async* fetch(...args) {
        for await (const document of source.fetch(...args)) {
          reads.contents += 1
          yield document
        }
      },
    }
  }

  beforeAll(async () => {
    elasticsearch = await startElasticsearch()
    await createProjectIndex(elasticsearch.url, 'reference')
    await createProjectIndex(elasticsearch.url, 'vault')
    await indexDocuments(elasticsearch.url, 'reference', [...reference, aDuplicate(novel, '/vault/demo/copy.txt'), aNamedEntity(monkey, 'Rafiki')])
    await indexDocuments(elasticsearch.url, 'vault', vault)
    // What a worker in this process reads is counted too.
    const env = engine === 'temporal' ? stack.use(await startWorkerBeside(elasticsearch.url, { source: counting })).env : {}
    companion = await startCompanion({ elasticsearchUrl: elasticsearch.url, standIn: { mode: 'SERVER', users: [editor, reader] }, overrides: { source: counting } }, env)
  }, 1_200_000)

  afterAll(async () => {
    await companion[Symbol.asyncDispose]()
    await stack.disposeAsync()
    await elasticsearch.stop()
  })

  it('makes a vectorize_docs task per batch: batchSize 2 on four documents makes two', async () => {
    const task = await companion.as('alice-key').vectorize('reference', { batchSize: 2 })

    expect(task).toMatchObject({ name: 'create_vectorization_tasks', state: 'DONE', progress: 1, createdBy: 'alice', counts: { documents: 4, done: 4, failed: 0 }, childCounts: { total: 2, done: 2, error: 0 } })
    const children = await companion.as('bob-key').call<TaskList>('GET', `/api/tasks?parent=${task.id}`)
    expect(children.body.items.map(({ name, state }) => ({ name, state }))).toEqual([{ name: 'vectorize_docs', state: 'DONE' }, { name: 'vectorize_docs', state: 'DONE' }])
  })

  it('ranks a document about a novel first for "doc about books", and one about a monkey for "doc speaking about animal", a group each', async () => {
    const answer = await companion.as('bob-key').similar('reference', { queries: ['doc about books', 'doc speaking about animal'] })

    expect(answer.results.map(({ query }) => query)).toEqual([{ index: 0, text: 'doc about books' }, { index: 1, text: 'doc speaking about animal' }])
    expect(titles(answer, 0)[0]).toBe('novel.txt')
    expect(titles(answer, 1)[0]).toBe('monkey.txt')
    expect(answer.coverage).toMatchObject({ documents: 4, vectorized: 4, missing: 0, stale: 0 })
  })

  it('answers the same on the command line, and says its state there', async () => {
    const env = { SIMILARITY_URL: companion.url, DATASHARE_API_KEY: 'bob-key' }
    const similar = await runCli(['similar', 'reference', 'doc about books', 'doc speaking about animal', '--json'], env)
    const status = await runCli(['status', 'reference'], env)

    expect(similar.code).toBe(0)
    const answer = JSON.parse(similar.stdout) as SimilarAnswer
    expect([titles(answer, 0)[0], titles(answer, 1)[0]]).toEqual(['novel.txt', 'monkey.txt'])
    expect(status.stdout).toContain('4 of 4 documents vectorized')
  })

  it('vectorizes from the command line with a line of JSON per progress, the finished task last', async () => {
    const { code, stdout } = await runCli(['vectorize', 'vault', '--batch-size', '5', '--json'], { SIMILARITY_URL: companion.url, DATASHARE_API_KEY: 'alice-key' })

    expect(code).toBe(0)
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as Task
    expect(last).toMatchObject({ state: 'DONE', project: 'vault', counts: { documents: 12, done: 11, empty: 1 }, childCounts: { total: 3 } })
  })

  it('measures with the project itself how well it is searched, and keeps the figures in its status', async () => {
    const env = { SIMILARITY_URL: companion.url, DATASHARE_API_KEY: 'alice-key' }
    const { code, stdout } = await runCli(['evaluate', 'vault', '--json'], env)

    expect(code).toBe(0)
    const evaluation = JSON.parse(stdout) as Evaluation
    expect(evaluation.items).toBeGreaterThan(5)
    expect(evaluation.hybrid.ten).toBeGreaterThan(0.8)
    expect(evaluation.hybrid.first).toBeLessThanOrEqual(evaluation.hybrid.ten)
    expect(evaluation.indexRecall).toBe(1)
    expect((await companion.as('alice-key').call<Project>('GET', '/api/projects/vault')).body.evaluation).toEqual(evaluation)
    expect((await runCli(['status', 'vault'], env)).stdout).toContain(`some words of ${evaluation.items} passages lead back to their document`)
  })

  it('measures nothing for somebody who may not vectorize', async () => {
    expect(await companion.as('bob-key').call('POST', '/api/projects/reference/evaluate')).toMatchObject({ status: 403, body: { code: 'role_too_low' } })
  })

  it.each([['CH93-0076-2011', 'account.txt'], ['KY1-1104', 'office.txt']])('finds %s as exact words, first', async (code, title) => {
    const answer = await companion.as('alice-key').similar('vault', { queries: [code] })

    expect(answer.results[0]?.documents[0]).toMatchObject({ title, strength: 'words', ranks: { words: 1 } })
  })

  it('finds a document by a paraphrase without a word in common, first', async () => {
    const answer = await companion.as('alice-key').similar('vault', { queries: ['clergyman resigned from a foundation that was a sham'] })

    expect(titles(answer)[0]).toBe('resignation.txt')
  })

  it('finds a passage far beyond the first page, and its offsets slice the content to exactly the passage shown', async () => {
    const answer = await companion.as('alice-key').similar('vault', { queries: ['where are the stolen artworks stored'] })
    const found = answer.results[0]?.documents[0]
    const passage = found?.passages[0]

    expect(found?.title).toBe('long-report.txt')
    expect(passage!.start).toBeGreaterThan(4_000)
    expect(passage!.text).toContain(deepAnswer)
    expect(String(long.source['content']).slice(passage!.start, passage!.end)).toBe(passage!.text)
  })

  it('reads no content and embeds nothing when it vectorizes again', async () => {
    const before = reads.contents
    const task = await companion.as('alice-key').vectorize('vault')

    expect(reads.contents).toBe(before)
    expect(task).toMatchObject({ state: 'DONE', counts: { documents: 0, passages: 0 }, childCounts: { total: 0 } })
  })

  it('leaves the results of one project equal while another is vectorized anew', async () => {
    const request = { queries: ['doc about books'], like: [{ documentId: monkey.id }] }
    const before = await companion.as('bob-key').similar('reference', request)
    await companion.as('alice-key').vectorize('vault', { mode: 'rebuild' })
    const after = await companion.as('bob-key').similar('reference', request)

    expect(after.results).toEqual(before.results)
    expect(after.generation).toBe(before.generation)
  })

  it('finds documents like an open one, never itself', async () => {
    const answer = await companion.as('bob-key').similar('reference', { like: [{ documentId: novel.id }] })

    expect(titles(answer)).not.toContain('novel.txt')
    expect(answer.results[0]?.query).toEqual({ like: true })
    expect(answer.results[0]?.documents[0]?.passages[0]?.matches?.documentId).toBe(novel.id)
  })

  it('lets a document that was deleted in Datashare vanish at once', async () => {
    const doomed: IndexedDocument = aDocument({ title: 'doomed.txt', content: 'A very singular text on beekeeping in the alps.' })
    await indexDocuments(elasticsearch.url, 'vault', [doomed])
    await companion.as('alice-key').vectorize('vault')
    const request = { queries: ['apiculture in the mountains'] }
    expect(titles(await companion.as('alice-key').similar('vault', request))[0]).toBe('doomed.txt')

    await deleteDocuments(elasticsearch.url, 'vault', [doomed])

    expect(titles(await companion.as('alice-key').similar('vault', request))).not.toContain('doomed.txt')
  })

  it('answers 403 alike for a project that is not granted and for one that does not exist', async () => {
    const bob = companion.as('bob-key')
    const answers = await Promise.all(['vault', 'nowhere'].map(project => bob.call<Problem>('POST', `/api/projects/${project}/similar`, { queries: ['books'] })))

    expect(answers.map(({ status }) => status)).toEqual([403, 403])
    const [vaultBody, nowhereBody] = answers.map(({ body }) => ({ ...body, requestId: undefined }))
    expect(vaultBody).toEqual(nowhereBody)
    expect(vaultBody).toMatchObject({ code: 'project_forbidden' })
  })

  it('lets a reader see the state, but not start or wipe', async () => {
    const bob = companion.as('bob-key')
    const project = await bob.call<Project>('GET', '/api/projects/reference')
    const start = await bob.call<Problem>('POST', '/api/projects/reference/vectorize')
    const wipe = await bob.call<Problem>('DELETE', '/api/projects/reference/vectors')

    expect(project.body).toMatchObject({ permissions: { vectorize: false, wipe: false }, coverage: { vectorized: 4 } })
    expect([start.body.code, wipe.body.code]).toEqual(['role_too_low', 'role_too_low'])
  })

  it('answers 401 to who is not signed in, and 404 for a task of a project that is not theirs', async () => {
    const task = await companion.as('alice-key').vectorize('vault')

    expect((await companion.as().call<Problem>('GET', '/api/projects')).body.code).toBe('anonymous')
    expect((await companion.as('bob-key').call<Problem>('GET', `/api/tasks/${task.id}`)).body.code).toBe('task_unknown')
    expect((await companion.as('bob-key').call<Problem>('GET', '/api/tasks/unheard-of')).body.code).toBe('task_unknown')
  })

  it('wipes what it holds of a project on request', async () => {
    const alice = companion.as('alice-key')
    expect((await alice.call('DELETE', '/api/projects/vault/vectors')).status).toBe(204)

    const answer = await alice.similar('vault', { queries: ['KY1-1104'] })

    expect(answer).toMatchObject({ generation: null, coverage: { vectorized: 0 } })
    expect(titles(answer)).toEqual([])
  })

  describe.runIf(engine === 'local')('with the vectors in Elasticsearch too', () => {
    let beside: TestCompanion
    beforeAll(async () => {
      beside = await startCompanion({ elasticsearchUrl: elasticsearch.url, standIn: { mode: 'SERVER', users: [editor, reader] } }, { SIMILARITY_STORE: 'elasticsearch' })
    })
    afterAll(() => beside[Symbol.asyncDispose]())

    const asked = async (path: string): Promise<unknown> => (await fetch(`${elasticsearch.url}/${path}`)).json()
    /** All that Datashare's index is: mapping, settings and every entry with the number of its last change. */
    const indexOf = async (project: string): Promise<unknown> => {
      const entries = await asked(`${project}/_search?size=1000&seq_no_primary_term=true&sort=_doc`) as { hits: unknown }
      return [await asked(project), entries.hits]
    }
    const ownIndices = async (): Promise<string[]> => Object.keys(await asked('datashare-similarity-*/_alias') as object)

    it('vectorizes, finds by meaning, by words and by example, measures itself, and changes nothing of Datashare\'s index', async () => {
      const alice = beside.as('alice-key')
      const before = await indexOf('vault')
      expect(await alice.vectorize('vault', { batchSize: 5 })).toMatchObject({ state: 'DONE', childCounts: { done: 3, error: 0 } })

      const answer = await alice.similar('vault', { queries: ['where are the stolen artworks stored', 'clergyman resigned from a foundation that was a sham', 'CH93-0076-2011', '"rapport de securite"'], like: [{ documentId: paraphrased.id }] })
      expect([0, 1, 2, 3].map(group => titles(answer, group)[0])).toEqual(['long-report.txt', 'resignation.txt', 'account.txt', 'rapport.txt'])
      const [passage] = answer.results[0]!.documents[0]!.passages
      expect(String(long.source['content']).slice(passage!.start, passage!.end)).toBe(passage!.text)
      expect(answer.results[2]!.documents[0]).toMatchObject({ strength: 'words' })
      expect(titles(answer, 4)).not.toContain('resignation.txt')
      expect((await alice.call<Evaluation>('POST', '/api/projects/vault/evaluate')).body).toMatchObject({ indexRecall: 1 })
      expect((await alice.call<Project>('GET', '/api/projects/vault')).body).toMatchObject({ coverage: { documents: 12, vectorized: 11, empty: 1, missing: 0, stale: 0 }, languages: { ENGLISH: 10, FRENCH: 1 } })
      expect((await alice.call<{ store: string }>('GET', '/api/info')).body.store).toBe('elasticsearch')
      expect(await indexOf('vault')).toEqual(before)
    })

    it('does only what is new, serves the old vectors through a rebuild, and wipes to the last index', async () => {
      const alice = beside.as('alice-key')
      const added = aDocument({ title: 'added.txt', content: 'A very singular text on beekeeping in the alps.' })
      const find = async () => alice.similar('vault', { queries: ['apiculture in the mountains'] })
      await indexDocuments(elasticsearch.url, 'vault', [added])
      expect(await alice.vectorize('vault')).toMatchObject({ state: 'DONE', counts: { documents: 1, done: 1 } })
      const first = await find()
      await deleteDocuments(elasticsearch.url, 'vault', [added])
      await alice.vectorize('vault', { mode: 'rebuild' })
      const second = await find()

      expect(titles(first)[0]).toBe('added.txt')
      expect(titles(second)).not.toContain('added.txt')
      expect(second.generation).not.toBe(first.generation)
      expect(await ownIndices()).toHaveLength(4)
      expect((await ownIndices()).some(name => name.includes('vault'))).toBe(false)
      expect((await alice.call('DELETE', '/api/projects/vault/vectors')).status).toBe(204)
      expect(await ownIndices()).toEqual([])
      expect(await find()).toMatchObject({ generation: null, coverage: { vectorized: 0 } })
    })
  })

  it.runIf(engine === 'local')('starts by itself for one command where no companion runs', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'similarity-cli-'))
    const env = { SIMILARITY_PORT: '1', SIMILARITY_DATA_DIR: dataDir, DATASHARE_URL: companion.pageUrl, ELASTICSEARCH_URL: elasticsearch.url, DATASHARE_API_KEY: 'alice-key' }
    const vectorized = await runCli(['vectorize', 'reference'], env)
    const found = await runCli(['similar', 'reference', 'doc about books'], env)
    await rm(dataDir, { recursive: true })

    expect(vectorized).toMatchObject({ code: 0, stderr: '' })
    expect(found.stdout).toMatch(/1\. novel\.txt/)
  })
})
