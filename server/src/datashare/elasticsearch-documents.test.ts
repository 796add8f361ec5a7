import type { RequestListener } from 'node:http'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import { createLogger } from '../log.ts'
import { collect } from '../testing/collect.ts'
import { aDocument, aDuplicate, aNamedEntity, createProjectIndex, deleteDocuments, hasJava, indexDocuments, startElasticsearch, type IndexedDocument, type TestElasticsearch } from '../testing/elasticsearch.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { createAccessCheck } from './access-check.ts'
import { projectName } from './access.ts'
import { openElasticsearchDocuments } from './elasticsearch-documents.ts'
import { createHydrator } from './hydrator.ts'
import type { DocumentRef, DocumentSource } from './source.ts'

const DEMO = projectName('demo')
const OTHER = projectName('other')
const log = createLogger('silent')
const signal = new AbortController().signal
const scanned = async (source: DocumentSource): Promise<DocumentRef[]> => (await collect(source.scan(DEMO, signal))).flat()

describe('without Elasticsearch', () => {
  const refusing = (status: number): RequestListener => (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', 'X-Elastic-Product': 'Elasticsearch' }).end(JSON.stringify({ error: { type: 'some_exception', reason: 'CANARY' }, status }))
  }

  it('opening works, and the fault is told when it is asked', async () => {
    const source = await openElasticsearchDocuments({ url: 'http://127.0.0.1:1', log })
    const ref = { id: 'a', rootId: 'a', extractionDate: null, characters: 1 }
    const asked = await Promise.allSettled([source.ping(), source.count(DEMO), scanned(source), collect(source.fetch(DEMO, [ref], signal))])
    expect(asked).toMatchObject(Array.from(asked, () => ({ status: 'rejected', reason: { code: 'elasticsearch_unreachable' } })))
    await source.close()
  })

  it.each([
    [401, 'elasticsearch_refused'], [403, 'elasticsearch_refused'], [429, 'elasticsearch_unreachable'], [503, 'elasticsearch_unreachable'], [400, 'internal'],
  ])('status %i is %s, in words without its own', async (status, code) => {
    await using server = await serveHttp(refusing(status))
    const source = await openElasticsearchDocuments({ url: server.url, username: 'u', password: 'p', log })
    const error: unknown = await source.count(DEMO).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code })
    expect((error as Error).cause).toBeUndefined()
    expect(String(error)).not.toContain('CANARY')
    await source.close()
  })

  it('an account that may read indices only still finds Elasticsearch alive', async () => {
    await using server = await serveHttp(refusing(403))
    const source = await openElasticsearchDocuments({ url: server.url, apiKey: 'k', log })
    await expect(source.ping()).resolves.toBeUndefined()
    await source.close()
  })

  it('a certificate that cannot be read stops the start', async () => {
    await expect(openElasticsearchDocuments({ url: 'https://127.0.0.1:1', caFile: '/nowhere/ca.pem', log })).rejects.toMatchObject({ code: 'configuration_wrong' })
  })
})

describe.skipIf(!hasJava())('over a real Elasticsearch (needs Java 17 and Maven)', () => {
  const roots = Array.from({ length: 2_400 }, (_, i) => aDocument({ content: `Root ${i}.` }))
  const attachments = roots.slice(0, 300).map(root => aDocument({ attachmentOf: root, content: 'An attachment.' }))
  const empty = aDocument({ content: '', title: 'scan.tif' })
  const blank = aDocument({ content: null, title: 'nothing.bin' })
  const tagged = aDocument({ tags: ['Key'], title: 'tagged.txt' })
  const documents = [...roots, ...attachments, empty, blank, tagged]
  const ids = documents.map(({ id }) => id).sort()
  const refOf = ({ id, routing }: IndexedDocument): DocumentRef => ({ id, rootId: routing, extractionDate: null, characters: 0 })
  let elasticsearch: TestElasticsearch
  let source: DocumentSource

  beforeAll(async () => {
    elasticsearch = await startElasticsearch()
    await createProjectIndex(elasticsearch.url, DEMO)
    await createProjectIndex(elasticsearch.url, OTHER)
    await indexDocuments(elasticsearch.url, DEMO, [
      ...documents,
      ...roots.slice(0, 100).map((root, i) => aDuplicate(root, `/vault/demo/copy-${i}.txt`)),
      ...roots.slice(0, 200).map(root => aNamedEntity(root, 'Edda Holmgren')),
    ])
    await indexDocuments(elasticsearch.url, OTHER, [aDocument({ tags: ['key'] })])
    source = await openElasticsearchDocuments({ url: elasticsearch.url, log })
  }, 400_000)
  afterAll(async () => {
    await source.close()
    await elasticsearch.stop()
  })

  it('a scan gives each document once, attachments too, and no duplicates or entities', async () => {
    const refs = await scanned(source)
    expect(refs.map(({ id }) => id).sort()).toEqual(ids)
    const attachment = attachments[7]!
    expect(refs.find(({ id }) => id === attachment.id)).toEqual({ id: attachment.id, rootId: attachment.routing, extractionDate: '2026-03-02T10:00:00.375Z', characters: 14 })
    expect((await source.count(DEMO)).documents).toBe(documents.length)
    expect((await source.count(DEMO)).characters).toBe(refs.reduce((sum, { characters }) => sum + characters, 0))
    await expect(source.ping()).resolves.toBeUndefined()
  })

  /** Forwards to the node, and takes away the view of the index after a number of its pages, so many times. */
  async function forgetful(pages: number, times: number): Promise<TestServer> {
    let view = ''
    let left = pages
    let lost = 0
    return serveHttp((request, response) => void (async () => {
      const body = await new Response(request).text()
      const isPage = request.url?.startsWith('/_search') === true
      if (isPage && left === 0 && lost < times) {
        await fetch(`${elasticsearch.url}/_pit`, { method: 'DELETE', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: view }) })
        left = pages
        lost += 1
      } else if (isPage) {
        left -= 1
      }
      const answer = await fetch(`${elasticsearch.url}${request.url ?? ''}`, { method: request.method ?? 'GET', headers: { 'Content-Type': 'application/json' }, ...body !== '' && { body } })
      const text = await answer.text()
      view = /"(?:pit_)?id":"([^"]+)"/.exec(text)?.[1] ?? view
      response.writeHead(answer.status, { 'Content-Type': 'application/json', 'X-Elastic-Product': 'Elasticsearch' }).end(text)
    })())
  }

  it('R5: a scan whose view expires loses no document and gives none twice', async () => {
    await using server = await forgetful(2, 1)
    const through = await openElasticsearchDocuments({ url: server.url, log })
    expect((await scanned(through)).map(({ id }) => id).sort()).toEqual(ids)
    await through.close()
  })

  it('R5: a scan that never gets further ends with an error', async () => {
    await using server = await forgetful(1, Infinity)
    const through = await openElasticsearchDocuments({ url: server.url, log })
    await expect(scanned(through)).rejects.toMatchObject({ code: 'elasticsearch_unreachable' })
    await through.close()
  })

  it('no view stays open, whether a scan is read to its end, left or aborted', async () => {
    const stopped = new AbortController()
    for await (const page of source.scan(DEMO, signal)) if (page.length > 0) break
    await expect((async () => {
      for await (const page of source.scan(DEMO, stopped.signal)) if (page.length > 0) stopped.abort(new Error('cancelled'))
    })()).rejects.toThrow('cancelled')
    const statistics = await (await fetch(`${elasticsearch.url}/demo/_stats/search`)).json() as { _all: { primaries: { search: { open_contexts: number } } } }
    expect(statistics._all.primaries.search.open_contexts).toBe(0)
  })

  it('fetches contents with their routing, empty ones too, and leaves out what is gone', async () => {
    const gone = aDocument({ title: 'gone.txt' })
    const fetched = await collect(source.fetch(DEMO, [refOf(roots[0]!), refOf(attachments[0]!), refOf(empty), refOf(blank), refOf(gone)], signal))
    expect(fetched.map(({ id, content }) => ({ id, content }))).toEqual([
      { id: roots[0]!.id, content: 'Root 0.' }, { id: attachments[0]!.id, content: 'An attachment.' }, { id: empty.id, content: '' }, { id: blank.id, content: '' },
    ])
    expect(fetched[1]).toMatchObject({ rootId: roots[0]!.id, parentId: roots[0]!.id, path: roots[0]!.source['path'], dirname: '/vault/demo', language: 'ENGLISH', truncated: false })
  })

  it('says where a project has no index', async () => {
    const missing = projectName('missing')
    await expect(collect(source.scan(missing, signal))).rejects.toMatchObject({ code: 'index_missing' })
    await expect(source.count(missing)).rejects.toMatchObject({ code: 'index_missing' })
    await expect(collect(source.fetch(missing, [refOf(empty)], signal))).rejects.toMatchObject({ code: 'index_missing' })
  })

  it('a caller sees documents through Datashare, by id and by tag, until they are deleted', async () => {
    await using datashare = await serveHttp(express().use(createDatashareStandIn({ mode: 'LOCAL', documents: { elasticsearchUrl: elasticsearch.url } })))
    const hydrator = createHydrator({ url: datashare.url, log })
    const caller = await createAccessCheck({ url: datashare.url, vectorizeRole: 'PROJECT_EDITOR', log }).identify({ cookie: undefined, authorization: undefined })
    expect([...caller.projects].sort()).toEqual(['demo', 'other'])
    const demo = caller.grant('demo')
    const shown = await hydrator.documents(demo, [attachments[0]!.id, tagged.id, blank.id])
    expect(shown.get(attachments[0]!.id)).toMatchObject({ rootId: roots[0]!.id, title: attachments[0]!.source['title'], creationDate: null })
    expect(shown.size).toBe(3)
    expect(await hydrator.withTags(demo, ['KEY'])).toEqual([tagged.id])
    expect(await hydrator.content(demo, attachments[0]!.id)).toMatchObject({ content: 'An attachment.' })
    const listing = await (await fetch(`${datashare.url}/demo/documents?project=demo&q=attachment&size=2`)).json()
    expect(listing).toMatchObject({ items: [{ snippet: 'An attachment.' }, {}], pagination: { total: 300 } })
    const document = await (await fetch(`${datashare.url}/api/demo/documents/${attachments[0]!.id}?routing=${roots[0]!.id}`)).json()
    expect(document).toMatchObject({ projectId: 'demo', content: 'An attachment.' })
    await deleteDocuments(elasticsearch.url, DEMO, [tagged])
    expect((await hydrator.documents(demo, [tagged.id])).size).toBe(0)
    expect(await hydrator.withTags(demo, ['key'])).toEqual([])
  })
})
