import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { projectName } from '../datashare/access.ts'
import { openFolderDocuments, type FolderDocument } from '../datashare/folder.ts'
import { documentsQuery, tagsQuery } from '../datashare/queries.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { createDatashareStandIn } from './datashare-stand-in.ts'
import type { StandInUser } from './stand-in-sign-in.ts'

const COLLECTION = join(import.meta.dirname, '../../../e2e/collection')
const CSRF = { 'Cookie': '_ds_csrf_token=abc', 'X-DS-CSRF-TOKEN': 'abc' }
const settings: Record<string, string> = {}
const alice: StandInUser = { uid: 'alice', password: 'wonderland', apiKey: 'a-key', projects: ['meridian'] }

let local: TestServer
let server: TestServer
let document: FolderDocument

beforeAll(async () => {
  const documents = await openFolderDocuments(COLLECTION)
  document = (await documents.documents(projectName('meridian')))[0]!
  local = await serveHttp(express().use(createDatashareStandIn({ mode: 'LOCAL', documents, settings })))
  server = await serveHttp(express().use(createDatashareStandIn({ mode: 'SERVER', users: [alice], documents })))
})
beforeEach(() => { alice.projects = ['meridian'] })
afterAll(async () => {
  await local[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

async function call(at: TestServer, path: string, init: RequestInit = {}) {
  const response = await fetch(`${at.url}${path}`, { redirect: 'manual', ...init })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: (text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text) as Record<string, unknown> }
}

const post = (body: unknown, headers: Record<string, string>): RequestInit =>
  ({ method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) })

async function signIn(): Promise<string> {
  const { status, headers } = await call(server, '/auth/login', post({ username: 'alice', password: 'wonderland' }, {}))
  expect(status).toBe(200)
  return headers.getSetCookie()[0]!.split('; version=1')[0]!
}

describe('in LOCAL mode', () => {
  it('everybody is "local" with all projects, and gets both cookies', async () => {
    const { status, body, headers } = await call(local, '/api/users/me')
    expect(status).toBe(200)
    expect(body).toMatchObject({ uid: 'local', projects: [{ name: 'meridian', label: 'Meridian Papers' }, { name: 'harbour' }] })
    expect(headers.getSetCookie().map(cookie => cookie.split('=')[0])).toEqual(['_ds_session_id', '_ds_csrf_token'])
    expect((await call(local, '/api/users/me/permissions')).body).toEqual([])
  })

  it('tells its settings and its version to anybody, also what is set later', async () => {
    settings['similarityServer'] = 'http://localhost:4780'
    expect((await call(local, '/settings')).body).toMatchObject({ mode: 'LOCAL', similarityServer: 'http://localhost:4780' })
    expect((await call(local, '/version')).body).toEqual({ 'git.build.version': '21.18.0' })
  })

  it('a search without the CSRF pair is 403; any equal pair passes', async () => {
    const search = (headers: Record<string, string>) => call(local, '/api/index/search/meridian/_search', post(documentsQuery([document.id], { content: false }), headers))
    expect((await search({})).status).toBe(403)
    expect((await search({ ...CSRF, 'X-DS-CSRF-TOKEN': 'other' })).status).toBe(403)
    expect((await search(CSRF)).body).toMatchObject({ hits: { total: { value: 1 }, hits: [{ _index: 'meridian', _id: document.id, _source: { title: document.title } }] } })
  })

  it('takes the companion\'s queries and no others', async () => {
    const search = (body: unknown) => call(local, '/api/index/search/meridian/_search', post(body, CSRF))
    expect((await search(tagsQuery(['KEY']))).body).toMatchObject({ hits: { hits: expect.arrayContaining([expect.objectContaining({ _id: document.id })]) as unknown } })
    for (const other of [{}, { query: { match_all: {} } }, { ...tagsQuery(['key']), size: 10 }, { ...documentsQuery(['a'], { content: true }), aggs: {} }]) {
      expect((await search(other)).status).toBe(400)
    }
  })

  it('gives a whole document, and slices of its text with both offset and limit', async () => {
    const { body } = await call(local, `/api/meridian/documents/${document.id}?routing=${document.rootId}`)
    expect(body).toMatchObject({ projectId: 'meridian', title: document.title, content: expect.any(String) as unknown })
    const content = String(body['content'])
    const slice = (query: string) => call(local, `/api/meridian/documents/content/${document.id}?${query}`)
    expect((await slice('offset=0&limit=0')).body).toEqual({ content: '', maxOffset: content.length, offset: 0, limit: 0, targetLanguage: '' })
    expect((await slice('offset=5&limit=20')).body['content']).toBe(content.slice(5, 25))
    expect((await slice(`offset=${content.length}&limit=1`)).status).toBe(400)
    expect((await slice('offset=0')).status).toBe(500)
  })

  it('lists documents by words, in pages', async () => {
    const all = await call(local, '/demo/documents?project=meridian,harbour&size=3')
    expect(all.body).toMatchObject({ pagination: { count: 3, from: 0, size: 3, total: 105 } })
    const found = await call(local, '/demo/documents?project=meridian&q=LARRANAGA')
    const items = found.body['items'] as { snippet: string }[]
    expect(items.length).toBeGreaterThan(0)
    expect(items[0]?.snippet).toMatch(/Larrañaga/)
    expect((await call(local, '/demo/documents?project=unheard-of')).status).toBe(403)
  })
})

describe('in SERVER mode', () => {
  it('anonymous callers get 401, a wrong password too', async () => {
    expect(await call(server, '/api/users/me')).toMatchObject({ status: 401, body: { error: '' } })
    expect((await call(server, '/api/index/search/meridian/_search', post({}, CSRF))).status).toBe(401)
    expect((await call(server, '/auth/login', post({ username: 'alice', password: 'queen' }, {}))).status).toBe(401)
  })

  it('a form login gives a cookie of raw JSON whose login counts for nothing', async () => {
    const cookie = await signIn()
    expect(cookie).toMatch(/^_ds_session_id=\{"login":"alice",/)
    const forged = cookie.replace('"alice"', '"bob"')
    expect((await call(server, '/api/users/me', { headers: { Cookie: forged } })).body).toMatchObject({ uid: 'alice', projects: [{ name: 'meridian' }] })
  })

  it('signing out ends the session', async () => {
    const headers = { Cookie: await signIn() }
    expect((await call(server, '/auth/signout', { headers })).status).toBe(303)
    expect((await call(server, '/api/users/me', { headers })).status).toBe(401)
  })

  it('a key works without a session cookie only', async () => {
    const Authorization = 'Bearer a-key'
    expect((await call(server, '/api/users/me', { headers: { Authorization } })).status).toBe(200)
    expect((await call(server, '/api/users/me', { headers: { Authorization, Cookie: '_ds_session_id={"sessionId":"stale"}' } })).status).toBe(401)
    expect((await call(server, '/api/users/me', { headers: { Authorization: 'Bearer other' } })).status).toBe(401)
  })

  it('a project that is not granted is 401 to a search and 403 to documents, at once when it is taken away', async () => {
    const headers = { 'Cookie': `${await signIn()}; _ds_csrf_token=abc`, 'X-DS-CSRF-TOKEN': 'abc' }
    const search = async (indices: string) => (await call(server, `/api/index/search/${indices}/_search`, post(documentsQuery([], { content: false }), headers))).status
    expect(await search('meridian')).toBe(200)
    expect(await search('harbour')).toBe(401)
    expect(await search('meridian,harbour')).toBe(401)
    expect(await search('merid*')).toBe(400)
    expect((await call(server, '/api/harbour/documents/x', { headers })).status).toBe(403)
    alice.projects = []
    expect(await search('meridian')).toBe(401)
  })

  it('tells the caller\'s roles', async () => {
    const { body } = await call(server, '/api/users/me/permissions', { headers: { Cookie: await signIn() } })
    expect(body).toMatchObject([{ ptype: 'g', v0: 'alice', v1: 'PROJECT_MEMBER', v2: 'default::meridian' }])
  })
})

describe('stars and tags', () => {
  const at = '/api/meridian/documents'
  const starred = async () => (await call(local, `${at}/starred`)).body
  const tags = async () => ((await call(local, `${at}/tags/${document.id}`)).body as unknown as { label: string }[]).map(({ label }) => label)

  it('are set, read and taken back with the anti-forgery token', async () => {
    expect((await call(local, `${at}/batchUpdate/star`, post([document.id], {}))).status).toBe(403)
    expect((await call(local, `${at}/batchUpdate/star`, post([document.id], CSRF))).status).toBe(200)
    expect(await starred()).toEqual([document.id])
    await call(local, `${at}/batchUpdate/unstar`, post([document.id], CSRF))
    expect(await starred()).toEqual([])

    await call(local, `${at}/batchUpdate/tag`, post({ docIds: [document.id], tags: ['Boats'] }, CSRF))
    expect(await tags()).toEqual([...document.tags, 'boats'])
    const tagged = await call(local, '/api/index/search/meridian/_search', post(tagsQuery(['boats']), CSRF))
    expect(tagged.body).toMatchObject({ hits: { hits: [{ _id: document.id }] } })
    await call(local, `${at}/batchUpdate/untag`, post({ docIds: [document.id], tags: ['boats'] }, CSRF))
    expect(await tags()).toEqual(document.tags)
  })

  it('of a project that is not granted are refused', async () => {
    alice.projects = []
    const key = { Authorization: 'Bearer a-key' }

    expect((await call(server, `${at}/starred`, { headers: key })).status).toBe(403)
    expect((await call(server, `${at}/batchUpdate/star`, post([document.id], { ...key, ...CSRF }))).status).toBe(403)
  })
})
