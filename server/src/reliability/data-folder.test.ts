import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { runCli, type CliResult } from '../testing/companion.ts'
import { serveCompanion, type ServedCompanion } from '../testing/served-companion.ts'

const NOWHERE = 'http://127.0.0.1:9'
const HOUR_MS = 3_600_000

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'similarity-folder-'))
  return () => rm(dataDir, { recursive: true, force: true })
})

const addresses = { datashareUrl: NOWHERE, elasticsearchUrl: NOWHERE }
async function serve(preload?: string): Promise<ServedCompanion> {
  const companion = await serveCompanion({ dataDir, ...addresses, ...preload !== undefined && { preload } })
  onTestFinished(() => companion.kill())
  return companion
}
const second = (): Promise<CliResult> => runCli(['serve'], { SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: dataDir, DATASHARE_URL: NOWHERE, ELASTICSEARCH_URL: NOWHERE })
const isUp = async ({ client }: ServedCompanion): Promise<boolean> => (await client.call('GET', '/health/live')).status === 200

it('R3: a second companion on a data folder says which process has it, with what to do, and stops; the first one goes on', async () => {
  const first = await serve()

  const { code, stdout, stderr } = await second()

  expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  expect(stderr).toContain(`Process ${first.pid} is working on the data folder.`)
  expect(stderr).toContain('SIMILARITY_DATA_DIR')
  expect(stderr).toContain('data_folder_busy')
  expect(await isUp(first)).toBe(true)
}, 60_000)

it('R3: a command that runs without a companion does not start one beside one that it cannot see', async () => {
  const first = await serve()

  const { code, stderr } = await runCli(['vectorize', 'harbour'], { SIMILARITY_PORT: '1', SIMILARITY_DATA_DIR: dataDir, DATASHARE_URL: NOWHERE, ELASTICSEARCH_URL: NOWHERE })

  expect(code).toBe(3)
  expect(stderr).toContain(`Process ${first.pid} is working on the data folder.`)
}, 60_000)

it('R3: a second companion touches nothing that the first one is writing', async () => {
  await serve()
  const spilled = join(dataDir, 'vectors', 'spill', 'of-the-first')
  await writeFile(spilled, 'being written')

  await second()

  expect(await readFile(spilled, 'utf8')).toBe('being written')
}, 60_000)

it('R4: after kill -9 the next companion starts by itself', async () => {
  const first = await serve()
  await first.kill()

  expect(await isUp(await serve())).toBe(true)
}, 60_000)

it.runIf(process.platform !== 'win32')('R4: a companion that hangs is not taken for a dead one', async () => {
  const first = await serve()
  process.kill(first.pid, 'SIGSTOP')

  const { stderr } = await second()
  process.kill(first.pid, 'SIGCONT')

  expect(stderr).toContain(`Process ${first.pid} is working on the data folder.`)
  expect(await isUp(first)).toBe(true)
}, 60_000)

it.each([['ahead', HOUR_MS], ['back', -HOUR_MS]])('R16: a companion whose clock is an hour %s takes no folder from another one', async (_direction, jump) => {
  const first = await serve(`const now = Date.now; Date.now = () => now() + ${jump}`)

  const { stderr } = await second()

  expect(stderr).toContain(`Process ${first.pid} is working on the data folder.`)
}, 60_000)
