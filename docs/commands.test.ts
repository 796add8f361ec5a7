import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

/** These two have tests of their own for what they name. */
const OTHERS = ['operations.md', 'api.md']
const documents = ['CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).filter(name => name.endsWith('.md') && !OTHERS.includes(name)).map(name => `docs/${name}`)]

const commandsOf = (path: string): string[] =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/^( *)```sh\n([\s\S]*?)^\1```/gm)].flatMap(([, , lines = '']) => lines.replace(/\\\n\s*/g, '').split('\n').map(line => line.trim()).filter(line => line !== ''))

/** Checked by what they name, in docs.test.ts: there is no Docker where tests run. */
const needsDocker = (command: string): boolean => command.startsWith('docker ') || command.includes('> .env')

/** Takes long and judges nothing: started by hand. That the script exists is tried in docs.test.ts. */
const isBenchmark = (command: string): boolean => /^npm run bench\b/.test(command)

/** Run as they are, or nearly, by another test. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'node --cpu-prof --cpu-prof-dir=/tmp/profile --conditions=@similarity/source bench/speed/contender-process.ts ours server/models/all-MiniLM-L6-v2': 'bench/speed/speed.test.ts',
  'npm run demo': 'e2e/tests/readme.spec.ts',
  'npm test': 'e2e/tests/readme.spec.ts',
  'npm run dev': 'e2e/tests/dev.spec.ts',
  'npm run test:all': 'scripts/test.mjs',
  'datashare-similarity model pull multilingual-e5-small': 'server/src/cli/model.test.ts',
  'datashare-similarity vectorize my-project --rebuild --model multilingual-e5-small': 'server/src/app/model-change.test.ts',
  'SIMILARITY_MODEL=/path/to/my-model datashare-similarity serve': 'server/src/embedding/local-folder.test.ts',
  'datashare-similarity vectorize my-project --rebuild --model my-model': 'server/src/app/model-change.test.ts',
  'SIMILARITY_STORE=elasticsearch ELASTICSEARCH_URL=https://elasticsearch.example.org:9200 ELASTICSEARCH_API_KEY=… npx --no-install datashare-similarity serve': 'server/src/app/companion.test.ts',
  'npm install datashare-similarity @temporalio/client@1.24.0 @temporalio/worker@1.24.0': 'scripts/pack-npm.test.ts',
  'SIMILARITY_ENGINE=temporal SIMILARITY_STORE=elasticsearch TEMPORAL_ADDRESS=temporal.example.org:7233 npx datashare-similarity serve': 'server/src/reliability/cluster.test.ts',
  'SIMILARITY_ENGINE=temporal SIMILARITY_STORE=elasticsearch TEMPORAL_ADDRESS=temporal.example.org:7233 npx datashare-similarity worker': 'server/src/reliability/cluster.test.ts',
  'npx --no-install datashare-similarity evaluate local-datashare': 'server/src/app/companion.test.ts',
}

const here = commandsOf('docs/install.md').filter(command => !needsDocker(command))

it('each command of the documents is tried: here, by another test, or by what it names', () => {
  const untried = documents.flatMap(commandsOf).filter(command => !here.includes(command) && !needsDocker(command) && !isBenchmark(command) && !existsSync(join(root, ELSEWHERE[command] ?? 'nowhere')))

  expect(here).toHaveLength(6)
  expect(untried).toEqual([])
})

/** With the package in a folder of its own where the commands say "global". */
if (isLong) describe('the commands of docs/install.md, in their order', () => {
  const folder = mkdtempSync(join(tmpdir(), 'install-commands-'))
  const archive = join(root, `datashare-similarity-${version}.tgz`)
  const settings = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'npm_config_onnxruntime_node_install'))
  const env = {
    ...settings, npm_config_prefix: folder, SIMILARITY_PORT: '0',
    PATH: [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
  }

  const start = (command: string, more: Readonly<Record<string, string>> = {}): ChildProcess =>
    spawn('/bin/sh', ['-c', command], { cwd: root, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })

  async function run(command: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
    const child = start(command, more)
    let said = ''
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => { said += chunk.toString() })
    const [code] = await once(child, 'close') as [number | null]
    expect(code, said).toBe(0)
    return said
  }

  async function interrupt(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit')
    process.kill(-child.pid!, 'SIGINT')
    await ended
  }

  async function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
    child.stderr!.resume()
    for await (const line of createInterface({ input: child.stdout! })) {
      const caught = pattern.exec(line)?.[1]
      if (caught !== undefined) return caught
    }
    throw new Error(`It ended without saying ${String(pattern)}`)
  }

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(archive, { force: true })
  })

  const trials: readonly ((command: string) => Promise<void>)[] = [
    async (command) => { expect(await run(command)).toContain(archive) },
    async (command) => { await run(command) },
    async (command) => { expect((await run(command)).trim()).toBe(version) },
    async (command) => { expect(await run(command, { SIMILARITY_DATA_DIR: join(folder, 'data') })).toContain('all-MiniLM-L6-v2') },
    async (command) => {
      mkdirSync(join(folder, 'plugins'))
      await run(command.replace('~/.local/share/datashare/plugins', join(folder, 'plugins')))
      expect(readdirSync(join(folder, 'plugins'))).toEqual([`datashare-plugin-similarity-${version}`])
    },
    async (command) => {
      const child = start(command, { SIMILARITY_DATA_DIR: join(folder, 'data') })
      try {
        const address = await firstMatch(child, /listens at (http:\/\/\S+?),/)
        expect(await (await fetch(`${address}/api/info`)).json()).toMatchObject({ apiVersion: 1, version })
      } finally {
        await interrupt(child)
      }
    },
  ]

  it.each(here.map((command, index) => ({ command, trial: trials[index]! })))('$command', async ({ command, trial }) => {
    await trial(command)
  }, 600_000)
})
