import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examine } from '../app/checks/checks.ts'
import type { Finding } from '../app/checks/finding.ts'
import { checkTasks } from '../app/checks/services.ts'
import { readConfig } from '../app/config.ts'
import { runCli } from '../testing/companion.ts'
import { hasJava } from '../testing/elasticsearch.ts'
import { isLong } from '../testing/engines.ts'
import { serveHttp } from '../testing/http.ts'
import { startTemporal, type TestTemporal } from '../testing/temporal.ts'

const NOWHERE = 'http://127.0.0.1:9'
const temporalSettings = { SIMILARITY_ENGINE: 'temporal', SIMILARITY_STORE: 'elasticsearch' }

describe('the doctor beside Temporal', () => {
  let folder: string
  const settings = (address: string) => ({ ...temporalSettings, TEMPORAL_ADDRESS: address, SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: folder, DATASHARE_URL: NOWHERE, ELASTICSEARCH_URL: NOWHERE })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'similarity-doctor-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function look(env: Record<string, string>): Promise<Finding | undefined> {
    const findings = await examine({ config: readConfig(env), apiKey: undefined, running: () => Promise.resolve(null) })
    return findings.find(({ check }) => check === 'temporal')
  }

  it('says that it does not answer, in seconds and with the exit code for that', async () => {
    const { code, stdout } = await runCli(['doctor', '--json'], settings('127.0.0.1:9'))
    const { findings } = JSON.parse(stdout) as { findings: Finding[] }

    expect(code).toBe(3)
    expect(findings.find(({ check }) => check === 'temporal')).toMatchObject({ severity: 'error', code: 'temporal_unreachable', fix: expect.stringContaining('TEMPORAL_ADDRESS') as string })
  })

  it('does not look for one that is not the engine', async () => {
    expect(await look({ ...settings('127.0.0.1:9'), SIMILARITY_ENGINE: 'local' })).toBeUndefined()
  })

  /** The test server knows every namespace, and not who asks for work. */
  describe.skipIf(!hasJava())('that runs', () => {
    let temporal: TestTemporal
    beforeAll(async () => {
      temporal = await startTemporal(isLong ? 'full' : 'test')
    }, 1_200_000)
    afterAll(() => temporal.stop())

    it('says where it answers', async () => {
      expect((await look(settings(temporal.address)))?.detail).toContain(`Temporal answers at ${temporal.address}, and has the namespace datashare-default.`)
    })

    it.runIf(isLong)('warns where no worker asks for work (long: Temporal\'s full server)', async () => {
      expect(await look(settings(temporal.address))).toMatchObject({ severity: 'warning', code: 'no_worker', fix: expect.stringContaining('datashare-similarity worker') as string })
    })

    it.runIf(isLong)('says that the namespace is missing, and how to make it (long: Temporal\'s full server)', async () => {
      expect(await look({ ...settings(temporal.address), TEMPORAL_NAMESPACE: 'nowhere' })).toMatchObject({ severity: 'error', code: 'configuration_wrong', detail: expect.stringContaining('namespace create --namespace nowhere') as string })
    })
  })

  it.each([
    { case: 'go another way', says: { batchQueueType: 'MEMORY', taskRoutingStrategy: 'UNIQUE' }, detail: /not on Datashare's page.*MEMORY \(routing UNIQUE\).*--batchQueueType=TEMPORAL --taskRoutingStrategy=GROUP --temporalNamespace=datashare-default/ },
    { case: 'are routed otherwise', says: { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'UNIQUE' }, detail: /not on Datashare's page/ },
    { case: 'are in another namespace', says: { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'GROUP', temporalNamespace: 'theirs' }, detail: /not on Datashare's page.*namespace theirs/ },
    { case: 'fit', says: { batchQueueType: 'TEMPORAL', taskRoutingStrategy: 'GROUP', temporalNamespace: 'datashare-default' }, detail: /stand on Datashare's page/ },
  ])('says whether Datashare\'s page shows vectorizations: its tasks $case', async ({ says, detail }) => {
    await using datashare = await serveHttp(express().get('/settings', (_request, response) => void response.json({ mode: 'SERVER', ...says })))
    const finding = await checkTasks(readConfig({ ...temporalSettings, DATASHARE_URL: datashare.url }))

    expect(finding).toMatchObject({ check: 'tasks', severity: 'ok' })
    expect(finding.detail).toMatch(detail)
  })
})
