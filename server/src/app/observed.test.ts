import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Project, Task } from '@datashare-similarity/shared'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'
import { rawRequest } from '../testing/raw-request.ts'

interface Line { readonly level: number, readonly msg: string, readonly requestId?: string, readonly taskId?: string, readonly batchId?: string }

const documents = createEditableDocuments({
  vault: { one: 'The tanker changed its flag at sea.', two: 'The orchard gave apples and pears.', three: '' },
})

let companion: GuardedCompanion
let task: Task

beforeAll(async () => {
  companion = await startGuardedCompanion({
    documents, env: { SIMILARITY_METRICS_PORT: '0' },
    users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['vault'], roles: [{ role: 'PROJECT_EDITOR', on: '*::*' }] }],
  })
  task = await companion.vectorize('alice-key', 'vault', { batchSize: 2 })
})
afterAll(() => companion[Symbol.asyncDispose]())

const lines = (): Line[] => companion.log().trim().split('\n').map(line => JSON.parse(line) as Line)
const scrape = async (): Promise<string> => (await fetch(companion.metricsUrl!)).text()
const valueOf = (metrics: string, series: string): number | null => {
  const line = metrics.split('\n').find(each => each.startsWith(`${series} `))
  return line === undefined ? null : Number(line.slice(series.length))
}

describe('the log', () => {
  it('names the request in every line that it causes, also in those of another layer', async () => {
    companion.datashare.answer = (request, response, next) => {
      if (request.path.includes('/_search')) response.status(200).json({ odd: true })
      else next()
    }
    const { headers } = await companion.as('alice-key')('POST', '/api/projects/vault/similar', { queries: ['a ship'] })
    companion.datashare.answer = null
    const requestId = String(headers['x-request-id'])
    const own = lines().filter(line => line.requestId === requestId).map(({ msg }) => msg)

    expect(own).toContain('Datashare gave an unexpected answer to a search')
    expect(own).toContain('answered')
  })

  it('tells which request has started a chain, and then names the chain and its batch, and no request', () => {
    const start = lines().find(({ msg }) => msg === 'chain queued')
    const ended = lines().find(({ msg }) => msg === 'chain ended')

    expect(start).toMatchObject({ taskId: task.id, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string })
    expect(ended).toMatchObject({ taskId: task.id })
    expect(ended).not.toHaveProperty('requestId')
    const compactions = lines().filter(({ msg }) => msg === 'compacted the vector store')
    expect(compactions.length).toBeGreaterThan(0)
    expect(compactions.filter(line => line.taskId !== task.id)).toEqual([])
  })
})

describe('the metrics', () => {
  it('count queries, the parts of searches, embedding, documents, requests and problems', async () => {
    await companion.as('alice-key')('POST', '/api/projects/vault/similar', { queries: ['a ship', 'fruit'], like: [{ text: 'a tanker' }] })
    await companion.as('alice-key')('POST', '/api/projects/nowhere/similar', { queries: ['a ship'] })
    const project = (await companion.as('alice-key')('GET', '/api/projects/vault')).json as Project
    const metrics = await scrape()

    expect(valueOf(metrics, 'similarity_queries_total{mode="hybrid"}')).toBe(3)
    for (const step of ['embedding', 'meaning', 'words', 'documents', 'fusion', 'hydration']) expect(valueOf(metrics, `similarity_search_step_duration_seconds_count{step="${step}"}`), step).toBeGreaterThan(0)
    expect(valueOf(metrics, 'similarity_embedded_passages_total')).toBe(2)
    expect(valueOf(metrics, 'similarity_written_documents_total{status="vectorized"}')).toBe(2)
    expect(valueOf(metrics, 'similarity_written_documents_total{status="empty"}')).toBe(1)
    expect(valueOf(metrics, 'similarity_problems_total{code="project_forbidden"}')).toBe(1)
    expect(valueOf(metrics, 'similarity_request_duration_seconds_count{endpoint="similar",status="403"}')).toBe(1)
    expect(valueOf(metrics, 'similarity_searches{state="waiting"}')).toBe(0)
    expect(valueOf(metrics, 'similarity_chains{state="DONE"}')).toBe(1)
    expect(valueOf(metrics, `similarity_coverage_documents{generation="${project.generation}",status="vectorized"}`)).toBe(2)
    expect(metrics).toContain('process_resident_memory_bytes')
    expect(metrics).not.toContain('vault')
  })

  it('are for this machine alone: a page of another name that resolves to it gets none, nor is there anything else', async () => {
    const { origin } = new URL(companion.metricsUrl!)
    const foreign = await rawRequest(origin, { path: '/metrics', headers: { Host: 'evil.example' } })
    const elsewhere = await rawRequest(origin, { path: '/api/projects' })

    expect(foreign).toMatchObject({ status: 403, json: { code: 'host_refused' } })
    expect(elsewhere).toMatchObject({ status: 404, json: { code: 'route_unknown' } })
    expect((await companion.send({ path: '/metrics' })).status).toBe(404)
  })

  it('are not served by default', async () => {
    await using without = await startGuardedCompanion({ documents, users: [] })

    expect(without.metricsUrl).toBeNull()
  })
})
