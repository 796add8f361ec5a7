import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model, Problem, Project, SimilarAnswer, Task } from '@datashare-similarity/shared'
import { openEmbedders } from '../embedding/embedders.ts'
import type { Logger } from '../log.ts'
import { createEditableDocuments, type EditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { LETTER_DIMENSIONS, writeLetterModel } from '../testing/letter-model.ts'
import { hold, watch, type WatchedEmbedders } from '../testing/chain.ts'
import { isAlive, listen, type Start } from '../testing/model-processes.ts'

const BUNDLED = 'all-MiniLM-L6-v2'
/** None shares a word with the query. One is nearest to it in English, the other has the same letters. */
const DOCUMENTS = { anagram: 'won silent', english: 'Please hear this radio broadcast at once.', soup: 'Boil onions with pepper.' }
const QUERY = 'listen now'

let root: string
let letters: string
let watched: WatchedEmbedders
let listening: { log: Logger, starts: Start[] }
let companion: GuardedCompanion
let documents: EditableDocuments

const writeLetters = (pooling: 'mean' | 'model'): Promise<void> =>
  writeLetterModel(letters, { output: pooling === 'mean' ? 'last_hidden_state' : 'sentence_embedding', json: { 'similarity.json': { pooling, languages: ['en', 'sv'] } } })

async function start(): Promise<void> {
  listening = listen()
  documents = createEditableDocuments({ leak: DOCUMENTS })
  companion = await startGuardedCompanion({
    documents,
    users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['leak'], roles: [{ role: 'PROJECT_ADMIN', on: 'default::leak' }] }],
    env: { SIMILARITY_DATA_DIR: join(root, 'data') },
    overrides: { embedders: async () => (watched = watch(await openEmbedders({ defaultModel: letters, threads: 1, idleMs: 500, log: listening.log }))) },
  })
}

type Answer = Project & SimilarAnswer & Problem & { items: (Task & Model)[] }
async function ask(method: string, path: string, body?: unknown): Promise<{ status: number, json: Answer }> {
  const { status, json } = await companion.as('alice-key')(method, path, body)
  return { status, json: json as Answer }
}
const project = async (): Promise<Project> => (await ask('GET', '/api/projects/leak')).json
const search = (body: object = {}) => ask('POST', '/api/projects/leak/similar', { queries: [QUERY], ...body })
const best = async (): Promise<string | undefined> => (await search({ mode: 'meaning' })).json.results[0]?.documents[0]?.documentId

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'similarity-change-'))
  letters = join(root, 'letters')
  await writeLetters('mean')
  await start()
})
afterAll(async () => {
  await companion[Symbol.asyncDispose]()
  await rm(root, { recursive: true })
})

describe('a project changes its model', () => {
  it('only to one that the companion knows: a path in a request is no model', async () => {
    for (const model of [letters, '/etc', '../letters', './letters']) {
      expect(await ask('POST', '/api/projects/leak/vectorize', { model })).toMatchObject({ status: 422, json: { code: 'model_unknown' } })
    }
    expect((await ask('GET', '/api/tasks?project=leak')).json.items).toEqual([])
  })

  it('and whose files are there: the answer says how to bring them', async () => {
    const { status, json } = await ask('POST', '/api/projects/leak/vectorize', { model: 'bge-small-en-v1.5' })
    expect({ status, code: json.code }).toEqual({ status: 503, code: 'model_missing' })
    expect(json.detail).toContain('bge-small-en-v1.5')
    expect(json.fix).toContain('model pull')
  })

  it('by a rebuild; an update with another model is refused', async () => {
    expect((await companion.vectorize('alice-key', 'leak', { model: BUNDLED })).state).toBe('DONE')
    expect((await project()).model).toEqual({ id: BUNDLED, dimensions: 384, languages: ['en'] })

    expect(await ask('POST', '/api/projects/leak/vectorize', { model: 'letters' })).toMatchObject({ status: 422, json: { code: 'model_differs' } })
  })

  it('while the new vectors are made, search goes on with the old model; then it takes the new one, and the old one gives its memory back', async () => {
    const before = (await project()).generation
    const held = hold(watched)
    const rebuilding = companion.vectorize('alice-key', 'leak', { mode: 'rebuild', model: 'letters' })
    await held.reached
    const during = await search()
    expect(during.json).toMatchObject({ degraded: null, generation: before })
    expect(during.json.results[0]?.documents[0]?.ranks.meaning).not.toBeNull()
    expect((await project()).model.id).toBe(BUNDLED)
    expect(await best()).toBe('english')

    held.letGo()
    expect((await rebuilding).state).toBe('DONE')
    expect((await project()).generation).not.toBe(before)
    expect((await project()).model).toEqual({ id: 'letters', dimensions: LETTER_DIMENSIONS, languages: ['en', 'sv'] })
    expect(await best()).toBe('anagram')
    const ofOld = listening.starts.filter(({ model }) => model === BUNDLED)
    expect(ofOld.length).toBeGreaterThan(0)
    await expect.poll(() => ofOld.filter(({ pid }) => isAlive(pid)), { timeout: 20_000 }).toEqual([])
    expect(listening.starts.filter(({ model, background, pid }) => model === 'letters' && !background && isAlive(pid))).toHaveLength(1)
  })

  it('and keeps it, without being told again; the old one can still be had', async () => {
    expect(await companion.vectorize('alice-key', 'leak')).toMatchObject({ state: 'DONE', counts: { documents: 0 } })
    expect((await project()).model.id).toBe('letters')
    expect(await (await watched.get(BUNDLED)).queries(['again'])).toHaveLength(1)
  })

  it('and is told when documents come in a language that it is not made for, or in one that nobody knows', async () => {
    const adviceWith = async (language: string): Promise<string[]> => {
      documents.put('leak', { id: 'other', content: `words in ${language}`, language })
      await companion.vectorize('alice-key', 'leak')
      const { advice } = await project()
      documents.remove('leak', 'other')
      await companion.vectorize('alice-key', 'leak')
      return advice
    }
    expect(await adviceWith('SWEDISH')).not.toContain('model_language_mismatch')
    expect(await adviceWith('RUSSIAN')).toContain('model_language_mismatch')
    expect(await adviceWith('UNKNOWN')).toContain('model_language_mismatch')
  })
})

describe('a folder of one\'s own that has changed', () => {
  beforeAll(async () => {
    await companion[Symbol.asyncDispose]()
    await writeLetters('model')
    await start()
  })

  it('is listed as the model in use', async () => {
    const { json } = await ask('GET', '/api/models')
    expect(json.items.at(-1)).toMatchObject({ id: 'letters', installed: true, inUse: true, bundled: false, dimensions: LETTER_DIMENSIONS })
    expect(JSON.stringify(json)).not.toContain(letters)
  })

  it('is another model: what was made with the former one is searched by words only, and says why', async () => {
    expect((await project()).advice).toContain('model_outdated')
    expect((await search()).json.degraded).toBe('words-only')
    expect(await search({ mode: 'meaning' })).toMatchObject({ status: 503, json: { code: 'model_changed' } })
    expect(await ask('POST', '/api/projects/leak/evaluate')).toMatchObject({ status: 503, json: { code: 'model_changed' } })
  })

  it('until an update has made all of it anew', async () => {
    expect(await companion.vectorize('alice-key', 'leak')).toMatchObject({ state: 'DONE', counts: { documents: 3, done: 3 } })
    expect((await project()).advice).not.toContain('model_outdated')
    expect((await search()).json.degraded).toBeNull()
    expect(await best()).toBe('anagram')
  })
})

it('a project whose model the companion does not know any more is searched by words, and says so', async () => {
  await companion[Symbol.asyncDispose]()
  letters = BUNDLED
  await start()
  expect((await project()).model).toEqual({ id: 'letters', dimensions: LETTER_DIMENSIONS, languages: [] })
  expect((await project()).advice).toContain('model_not_installed')
  expect((await search()).json.degraded).toBe('words-only')
  expect(await search({ mode: 'meaning' })).toMatchObject({ status: 503, json: { code: 'model_missing', detail: expect.stringContaining('letters') as string } })
})
