import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import { runCli } from '../testing/companion.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { serveHttp, type TestServer } from '../testing/http.ts'
import { serveCompanion, type ServedCompanion } from '../testing/served-companion.ts'

const page = await readFile(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
const commands = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = '']) => block.trim())
const BACKUP = '/backups/similarity-2026-01-31'

/** A port that nobody listens on just now. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>(resolve => server.close(() => resolve()))
  return port
}

describe.skipIf(process.env['SIMILARITY_LONG_TESTS'] !== '1')('docs/operations.md (long)', () => {
  let folder: string
  let datashare: TestServer
  let companion: ServedCompanion
  let metricsPort: number

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'similarity-operations-'))
    datashare = await serveHttp(express().use(createDatashareStandIn({ mode: 'LOCAL', documents: createEditableDocuments({ vault: {} }) })))
    metricsPort = await freePort()
    companion = await serveCompanion({ dataDir: join(folder, 'data'), datashareUrl: datashare.url, elasticsearchUrl: 'http://127.0.0.1:9', env: { SIMILARITY_METRICS_PORT: String(metricsPort) } })
  })
  afterAll(async () => {
    await companion.stop()
    await datashare[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** A command line as it stands, with folders of our own and beside our companion. */
  const run = (command: string, env: Record<string, string> = {}) => {
    const [, args = ''] = /npx datashare-similarity (.*)$/.exec(command) ?? []
    return runCli(args.replace(BACKUP, join(folder, 'copy')).split(' '), {
      SIMILARITY_PORT: new URL(companion.url).port, SIMILARITY_DATA_DIR: join(folder, 'data'), DATASHARE_URL: datashare.url, ELASTICSEARCH_URL: 'http://127.0.0.1:9', ...env,
    })
  }

  const trials: Readonly<Record<string, (command: string) => Promise<void>>> = {
    'npx datashare-similarity doctor': async command => expect((await run(command)).stdout).toMatch(/ok +companion +A companion of version \S+ runs/),
    'npx datashare-similarity doctor --json': async command => expect(JSON.parse((await run(command)).stdout)).toMatchObject({ version: expect.any(String) as string, ok: false, findings: expect.any(Array) as unknown[] }),
    // This is how the companion of this test was started.
    'SIMILARITY_METRICS_PORT=9464 npx datashare-similarity serve': () => Promise.resolve(),
    'curl http://127.0.0.1:9464/metrics': async (command) => {
      const url = command.replace('curl ', '').replace('9464', String(metricsPort))
      const metrics = await (await fetch(url)).text()
      // Every metric that the page names is there.
      for (const name of new Set(page.match(/similarity_[a-z_]+\b/g))) expect(metrics).toContain(`# TYPE ${name} `)
    },
    [`npx datashare-similarity backup ${BACKUP}`]: async (command) => {
      const { code, stderr } = await run(command)
      expect(code, stderr).toBe(0)
      expect(await readdir(join(folder, 'copy'))).toEqual(expect.arrayContaining(['backup.json', 'ledger.db']))
    },
    [`SIMILARITY_DATA_DIR=/srv/similarity npx datashare-similarity restore ${BACKUP}`]: async (command) => {
      const { code, stderr } = await run(command, { SIMILARITY_DATA_DIR: join(folder, 'restored') })
      expect(code, stderr).toBe(0)
      expect(await readdir(join(folder, 'restored'))).toContain('ledger.db')
    },
  }

  it('names no command that is not tried here', () => {
    expect(commands).toEqual(Object.keys(trials))
  })

  it.each(Object.entries(trials))('%s does what it says', async (command, trial) => {
    await trial(command)
  })
})
