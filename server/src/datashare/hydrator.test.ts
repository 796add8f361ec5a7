import { join } from 'node:path'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import express from 'express'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import type { StandInUser } from '../demo/stand-in-sign-in.ts'
import { createLogger } from '../log.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { createAccessCheck } from './access-check.ts'
import { projectName, type AccessCheck, type Credentials, type GrantedProject } from './access.ts'
import { openFolderDocuments, type FolderDocument, type FolderDocuments } from './folder.ts'
import type { Hydrator } from './hydrate.ts'
import { createHydrator } from './hydrator.ts'

const log = createLogger('silent')
const alice: StandInUser = { uid: 'alice', apiKey: 'a-key', projects: [] }
const credentials: Credentials = { cookie: undefined, authorization: 'Bearer a-key' }

describe('over the folder, through the stand-in', () => {
  let dir: string
  let folder: FolderDocuments
  let documents: FolderDocument[]
  let datashare: TestServer
  let access: AccessCheck
  let hydrator: Hydrator
  let meridian: GrantedProject

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'similarity-hydrator-'))
    await cp(join(import.meta.dirname, '../../../e2e/collection'), dir, { recursive: true })
    folder = await openFolderDocuments(dir)
    documents = await folder.documents(projectName('meridian'))
    datashare = await serveHttp(express().use(createDatashareStandIn({ mode: 'SERVER', users: [alice], documents: folder })))
  })
  afterAll(async () => {
    await datashare[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  beforeEach(async () => {
    alice.projects = ['meridian', 'harbour']
    access = createAccessCheck({ url: datashare.url, vectorizeRole: 'PROJECT_EDITOR', log })
    hydrator = createHydrator({ url: datashare.url, log })
    meridian = (await access.identify(credentials)).grant('meridian')
  })

  it('a caller with a key sees documents, without a cookie of his own', async () => {
    const ids = documents.slice(0, 5).map(({ id }) => id)
    const shown = await hydrator.documents(meridian, ids)
    expect([...shown.keys()].sort()).toEqual([...ids].sort())
    const { id, rootId, title, path, contentType, language, creationDate } = documents[0]!
    expect(shown.get(id)).toEqual({ id, rootId, title, path, contentType, language, creationDate })
  })

  it('what is not in the project is left out (S6)', async () => {
    const [foreign] = await folder.documents(projectName('harbour'))
    expect(await hydrator.documents(meridian, [foreign!.id, 'unheard-of'])).toEqual(new Map())
    expect(await hydrator.content(meridian, foreign!.id)).toBeNull()
  })

  it('one document comes with its content', async () => {
    const { id } = documents[0]!
    expect((await hydrator.content(meridian, id))?.content).toBe(await folder.content(projectName('meridian'), id))
  })

  it('documents are found by any of several tags, in any case', async () => {
    const tagged = documents.filter(({ tags }) => tags.includes('key') || tags.includes('to-verify')).map(({ id }) => id)
    expect((await hydrator.withTags(meridian, ['KEY', 'To-Verify'])).sort()).toEqual(tagged.sort())
    expect(await hydrator.withTags(meridian, ['unheard-of'])).toEqual([])
  })

  it('S18: a document that is deleted is not shown any more', async () => {
    const { id, title } = documents.find(document => document.title === 'fee-schedule.xlsx')!
    expect((await hydrator.documents(meridian, [id])).has(id)).toBe(true)
    await rm(join(dir, 'meridian/inbox/2013/nominee-fees.eml', `${title}.txt`))
    expect((await hydrator.documents(meridian, [id])).has(id)).toBe(false)
  })

  it('S21: a project that is taken away is refused at once, and no longer remembered', async () => {
    alice.projects = ['harbour']
    await expect(hydrator.documents(meridian, [documents[0]!.id])).rejects.toMatchObject({ code: 'project_forbidden' })
    expect((await access.identify(credentials)).mayRead('meridian')).toBeNull()
  })
})

describe('over answers of Datashare that it should not give', () => {
  const answers: { status: number, body: unknown } = { status: 200, body: {} }
  const headers: Record<string, string | undefined>[] = []
  let datashare: TestServer
  let hydrator: Hydrator

  beforeAll(async () => {
    datashare = await serveHttp((request, response) => {
      if (request.url === '/api/users/me') return void response.end(JSON.stringify({ uid: 'alice', projects: [{ name: 'demo' }] }))
      headers.push({ cookie: request.headers.cookie, token: String(request.headers['x-ds-csrf-token']), authorization: request.headers.authorization })
      response.writeHead(answers.status, { Location: '/api/users/me' }).end(JSON.stringify(answers.body))
    })
    hydrator = createHydrator({ url: datashare.url, log })
  })
  afterAll(() => datashare[Symbol.asyncDispose]())

  const granted = async (cookie?: string): Promise<GrantedProject> =>
    (await createAccessCheck({ url: datashare.url, vectorizeRole: 'PROJECT_EDITOR', log }).identify({ cookie, authorization: undefined })).grant('demo')
  const hit = (_index: string, _id: string) => ({ _index, _id, _source: { title: _id } })

  it('S7: documents of another index are dropped', async () => {
    Object.assign(answers, { status: 200, body: { hits: { total: { value: 2 }, hits: [hit('demo', 'a'), hit('other', 'b')] } } })
    expect([...(await hydrator.documents(await granted(), ['a', 'b'])).keys()]).toEqual(['a'])
  })

  it('the caller\'s cookie goes verbatim with his own token, or with an invented pair where he has none', async () => {
    const session = '_ds_session_id={"login":"alice","roles":[],"sessionId":"00"}'
    headers.length = 0
    for (const cookie of [`${session}; _ds_csrf_token=ffee`, session, undefined]) await hydrator.documents(await granted(cookie), ['a'])
    expect(headers[0]).toMatchObject({ cookie: `${session}; _ds_csrf_token=ffee`, token: 'ffee' })
    expect(headers[1]?.['cookie']).toBe(`${session}; _ds_csrf_token=${headers[1]?.['token'] ?? ''}`)
    expect(headers[2]?.['cookie']).toBe(`_ds_csrf_token=${headers[2]?.['token'] ?? ''}`)
    expect(headers[1]?.['token']).not.toBe(headers[2]?.['token'])
  })

  it.each([500, 302, 200])('status %i without hits is a Datashare that does not answer', async (status) => {
    Object.assign(answers, { status, body: { error: 'CANARY' } })
    const error: unknown = await hydrator.documents(await granted(), ['a']).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'datashare_unreachable' })
    expect(String(error)).not.toContain('CANARY')
  })

  it('tags of more than 10,000 documents are refused', async () => {
    Object.assign(answers, { status: 200, body: { hits: { total: { value: 10_001 }, hits: [] } } })
    await expect(hydrator.withTags(await granted(), ['common'])).rejects.toMatchObject({ code: 'filter_too_broad' })
  })
})
