import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LIMITS, type Project, type SimilarAnswer } from '@datashare-similarity/shared'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'

/** One word each, so that lists of words would hold it whole. */
const CANARY = { text: 'canarytext7f3', query: 'canaryquery7f3', cookie: 'canarycookie7f3', key: 'canarykey7f3' }
const FILLER = 'The parish council talked about the roof of the town hall and about parking places. '
const CAP = LIMITS.documentCharacters

/** 50 MB: what lies before Datashare's limit is searched, what lies behind is not. */
const HUGE = `${'The first page names the tugboat captain.'.padEnd(CAP - 60)}The last page names the lighthouse keeper.${'Beyond the limit stands the harbour pilot.'.padStart(30_000_000)}`

const documents = createEditableDocuments({
  leak: {
    canary: `The ${CANARY.text} sings in the shaft.`,
    ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`minutes-${index}`, `${FILLER}Session ${index}.`])),
  },
  large: { huge: HUGE, small: 'The orchard gave apples and pears this year.' },
  wiped: { canary: `Another ${CANARY.text} sings in the attic.` },
})

let companion: GuardedCompanion

beforeAll(async () => {
  companion = await startGuardedCompanion({
    documents,
    env: { SIMILARITY_METRICS_PORT: '0' },
    users: [{ uid: 'alice', password: CANARY.cookie, apiKey: CANARY.key, projects: ['leak', 'large', 'wiped'], roles: [{ role: 'PROJECT_ADMIN', on: '*::*' }] }],
  })
})
afterAll(() => companion[Symbol.asyncDispose]())

async function filesBelow(folder: string): Promise<{ path: string, isFolder: boolean }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.map(entry => ({ path: join(entry.parentPath, entry.name), isFolder: entry.isDirectory() }))
}

const modeOf = async (path: string): Promise<string | null> => stat(path).then(({ mode }) => (mode & 0o777).toString(8), () => null)

/** Files that hold one of these, in any case, also as UTF-16. */
async function filesWith(...needles: string[]): Promise<string[]> {
  const found: string[] = []
  for (const { path, isFolder } of await filesBelow(companion.dataDir)) {
    if (isFolder) continue
    const bytes = (await readFile(path).catch(() => Buffer.alloc(0))).toString('latin1').toLowerCase()
    if (needles.some(needle => bytes.includes(needle) || bytes.includes(Buffer.from(needle, 'utf16le').toString('latin1')))) found.push(path)
  }
  return found
}

it('S25: the data folder is 0700, and so are the folders in it; files are 0600, also while it is written to', async () => {
  const ask = companion.as(CANARY.key)
  const wrong = new Set<string>()
  const look = async (): Promise<void> => {
    for (const { path, isFolder } of await filesBelow(companion.dataDir).catch(() => [])) {
      const mode = await modeOf(path)
      if (mode !== null && mode !== (isFolder ? '700' : '600')) wrong.add(`${path} ${mode}`)
    }
  }
  await ask('POST', '/api/projects/leak/vectorize', { batchSize: 8 })
  for (let isRunning = true; isRunning;) {
    await look()
    isRunning = ((await ask('GET', '/api/projects/leak')).json as Project).task?.completedAt === null
  }
  await look()

  expect(await modeOf(companion.dataDir)).toBe('700')
  expect((await filesBelow(companion.dataDir)).map(({ path }) => path).join()).toMatch(/ledger\.db.*\.lance/)
  expect([...wrong]).toEqual([])
})

it('S17: no text, query, cookie or key is in any log, metric, error, task or ledger', async () => {
  const cookie = `${await companion.signIn('alice')}; other=${CANARY.cookie}`
  const [ask, browse] = [companion.as(CANARY.key), companion.inBrowser(cookie)]
  await companion.vectorize(CANARY.key, 'leak')
  const path = '/api/projects/leak/similar'
  const found = await browse('POST', path, { queries: [CANARY.query, CANARY.text] })
  expect(found.text).toContain(CANARY.text)

  const errors = [
    await browse('POST', path, { queries: [CANARY.query.repeat(1_000)] }),
    await browse('POST', path, { queries: [CANARY.query], like: [{ documentId: 'canary', passage: { start: 0, end: 9_999 } }] }),
    await browse('POST', path, { queries: [CANARY.query], mode: CANARY.query, filters: { creationDate: { from: CANARY.query } } }),
    await browse('POST', path, { queries: [CANARY.query], generation: CANARY.query }),
    await companion.send({ method: 'POST', path, headers: { 'Content-Type': 'application/json', 'Authorization': `Bearer ${CANARY.key}` }, body: `{"queries":["${CANARY.query}"` }),
    await companion.send({ method: 'POST', path, headers: { 'Content-Type': 'application/json', 'Cookie': `_ds_session_id=${CANARY.cookie}; _ds_csrf_token=x` }, body: '{}' }),
    await companion.send({ path: '/api/projects', headers: { Authorization: `Bearer ${CANARY.cookie}` } }),
    await companion.as(`${CANARY.key}-stale`)('GET', '/api/projects/leak'),
  ]
  companion.datashare.answer = (_request, response) => void response.status(200).send(`no JSON but ${CANARY.text}`)
  errors.push(await companion.as(CANARY.query)('GET', '/api/projects/leak'), await browse('POST', path, { queries: [CANARY.query] }))
  companion.datashare.answer = null
  expect(errors.map(({ status }) => status)).toEqual([422, 422, 422, 409, 400, 403, 401, 401, 503, 503])

  const words = Object.values(CANARY)
  for (const { text, headers } of errors) expect(words.filter(word => `${text}${JSON.stringify(headers)}`.includes(word))).toEqual([])
  const tasks = (await ask('GET', '/api/tasks')).text + (await ask('GET', '/api/projects/leak')).text
  expect(words.filter(word => tasks.includes(word))).toEqual([])
  expect(companion.log()).toContain('answered')
  expect(words.filter(word => companion.log().includes(word))).toEqual([])
  const metrics = await (await fetch(companion.metricsUrl!)).text()
  expect(metrics).toMatch(/similarity_queries_total{mode="hybrid"} [1-9]/)
  expect([...words, 'leak', 'alice'].filter(word => metrics.includes(word))).toEqual([])
  expect((await filesWith(...words)).filter(file => !file.includes('.lance'))).toEqual([])
  expect(await filesWith(CANARY.query, CANARY.cookie, CANARY.key)).toEqual([])
}, 60_000)

it('S20: of a document that was deleted in Datashare no byte is left on disk after the next vectorization', async () => {
  expect(await filesWith(CANARY.text)).not.toEqual([])
  documents.remove('leak', 'canary')
  await companion.vectorize(CANARY.key, 'leak')

  expect(await filesWith(CANARY.text)).toEqual([])
  expect(((await companion.as(CANARY.key)('GET', '/api/projects/leak')).json as Project).coverage).toMatchObject({ documents: 40, vectorized: 40 })
})

it('S20: after a wipe no byte of the project is left in the data folder, the ledger included', async () => {
  await companion.vectorize(CANARY.key, 'wiped')
  expect(await filesWith(CANARY.text)).not.toEqual([])
  expect((await companion.as(CANARY.key)('DELETE', '/api/projects/wiped/vectors')).status).toBe(204)

  expect(await filesWith(CANARY.text, 'sings in the attic')).toEqual([])
})

it('S27: of a 50 MB document the first 20 million characters are searched, which its row and the coverage say; others are as ever', async () => {
  const task = await companion.vectorize(CANARY.key, 'large')
  const ask = companion.as(CANARY.key)
  const row = await ask('GET', '/api/projects/large/documents/huge')
  const project = (await ask('GET', '/api/projects/large')).json as Project

  expect(HUGE.length).toBeGreaterThan(50_000_000 - 100)
  expect(task).toMatchObject({ state: 'DONE', counts: { done: 2, failed: 0 } })
  expect(row.json).toMatchObject({ status: 'vectorized', truncated: true })
  expect(project.coverage).toMatchObject({ documents: 2, vectorized: 2, truncated: 1 })

  const first = async (query: string) => ((await ask('POST', '/api/projects/large/similar', { queries: [query] })).json as SimilarAnswer).results[0]?.documents[0]
  const last = await first('lighthouse keeper')
  expect(last?.documentId).toBe('huge')
  expect(HUGE.slice(last?.passages[0]?.start, last?.passages[0]?.end)).toContain('lighthouse keeper')
  expect((await first('apples and pears'))?.documentId).toBe('small')
  expect((await ask('POST', '/api/projects/large/similar', { queries: ['"harbour pilot"'] })).json).toMatchObject({ results: [{ documents: [] }] })
}, 120_000)
