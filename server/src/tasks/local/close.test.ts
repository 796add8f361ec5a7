import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { openElasticsearchDocuments } from '../../datashare/elasticsearch-documents.ts'
import type { DocumentSource } from '../../datashare/source.ts'
import type { Embedders } from '../../embedding/embedder.ts'
import { openEmbedders } from '../../embedding/embedders.ts'
import { openLanceStore } from '../../store/lancedb/lancedb.ts'
import { aCaller } from '../../testing/callers.ts'
import { startCompanion } from '../../testing/companion.ts'
import { codeOf, log, QUICK } from '../../testing/chain.ts'
import { createCoverage } from '../../vectorize/coverage.ts'
import { openLocalEngine } from './engine.ts'

const LIMIT_MS = 10_000

let embedders: Embedders
beforeAll(async () => {
  embedders = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
})
afterAll(() => embedders.close())

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const ANSWER = JSON.stringify({ id: 'view', hits: { total: { value: 3, relation: 'eq' }, hits: [] }, aggregations: { characters: { value: 30 } } })

/** An Elasticsearch that takes every connection and answers so many requests with a count and a view of its index, then none. */
async function hangingElasticsearch(answers = 0): Promise<{ url: string, asked: (requests: number) => Promise<void> }> {
  const sockets = new Set<Socket>()
  let requests = 0
  let told = (): void => undefined
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => {
      requests++
      if (requests <= answers) socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Elastic-Product: Elasticsearch\r\nContent-Length: ${ANSWER.length}\r\n\r\n${ANSWER}`)
      told()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: wanted => new Promise((resolve) => {
      told = () => {
        if (requests >= wanted) resolve()
      }
      told()
    }),
  }
}

async function open(source: DocumentSource) {
  const dataDir = await mkdtemp(join(tmpdir(), 'similarity-close-'))
  onTestFinished(() => rm(dataDir, { recursive: true }))
  const store = await openLanceStore({ folder: join(dataDir, 'vectors'), log })
  onTestFinished(() => store.close())
  return { store, ...await openLocalEngine({ dataDir, source, store, embedders, log, patience: QUICK }) }
}

it('a chain, a comparison and a start that hang on Elasticsearch end soon after closing', { timeout: 60_000 }, async () => {
  const elasticsearch = await hangingElasticsearch(1)
  const source = await openElasticsearchDocuments({ url: elasticsearch.url, log })
  const { engine, generations, store } = await open(source)
  const caller = aCaller('ada', 'harbour', 'quay')
  // The first count is answered; of the chain the next one hangs.
  const { state } = await engine.start(caller.grant('harbour'), { mode: 'update' })
  const starting = codeOf(engine.start(caller.grant('quay'), { mode: 'update' }))
  const comparing = codeOf(createCoverage({ source, store, generations })(caller.grant('harbour').name))
  await elasticsearch.asked(4)

  const milliseconds = await timed(async () => {
    await engine.close()
    await source.close()
  })

  expect(state).toBe('QUEUED')
  expect(await Promise.all([starting, comparing])).toEqual(['shutting_down', 'shutting_down'])
  expect(milliseconds).toBeLessThan(LIMIT_MS)
})

it('a scan that hangs halfway ends soon after closing, though its view cannot be closed', { timeout: 60_000 }, async () => {
  // Of the start and the scan the counts, and the view.
  const elasticsearch = await hangingElasticsearch(3)
  const source = await openElasticsearchDocuments({ url: elasticsearch.url, log })
  const { engine } = await open(source)
  await engine.start(aCaller('ada', 'harbour').grant('harbour'), { mode: 'update' })
  await elasticsearch.asked(4)

  const milliseconds = await timed(async () => {
    await engine.close()
    await source.close()
  })

  expect(milliseconds).toBeLessThan(LIMIT_MS)
})

it('a companion in front of an Elasticsearch that never answers stops soon', { timeout: 60_000 }, async () => {
  const elasticsearch = await hangingElasticsearch()
  const companion = await startCompanion({ overrides: { source: () => openElasticsearchDocuments({ url: elasticsearch.url, log }) } })
  const client = companion.as()
  const asked = Promise.allSettled([client.call('GET', '/api/projects/meridian/estimate'), client.call('POST', '/api/projects/meridian/vectorize')])
  await elasticsearch.asked(2)

  const milliseconds = await timed(async () => {
    await companion[Symbol.asyncDispose]()
  })

  expect(milliseconds).toBeLessThan(LIMIT_MS)
  await asked
})
