import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'
import { ROOT, startDemo, vectorize } from '../support/demo.ts'

type Env = Readonly<Record<string, string>>
interface Ended { readonly code: number | null, readonly said: string }

const readJson = async (...path: string[]): Promise<{ version: string, scripts: Record<string, string> }> =>
  JSON.parse(await readFile(join(ROOT, ...path), 'utf8')) as { version: string, scripts: Record<string, string> }

/** In a process group of its own, as a terminal starts it. */
function start(command: string, env: Env = {}): ChildProcess {
  return spawn('/bin/sh', ['-c', command], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
}

/** What Ctrl-C does: everything that the command has started gets it. */
async function interrupt(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  process.kill(-child.pid!, 'SIGINT')
  await ended
}

async function run(command: string, env: Env = {}): Promise<Ended> {
  const child = start(command, env)
  let said = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => { said += chunk.toString() })
  const [code] = await once(child, 'close') as [number | null]
  return { code, said }
}

/** The part of a line that a pattern catches, from a command that goes on. */
async function saysBeforeEnd(child: ChildProcess, pattern: RegExp): Promise<string> {
  child.stderr?.resume()
  for await (const line of createInterface({ input: child.stdout! })) {
    const caught = pattern.exec(line)?.[1]
    if (caught !== undefined) return caught
  }
  throw new Error(`The command ended without saying ${String(pattern)}`)
}

/** Every command that the README names: the lines of its shell blocks, and those within a sentence. */
async function commandsOfReadme(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8')
  const blocks = [...text.matchAll(/^( *)```sh\n([\s\S]*?)^\1```/gm)].flatMap(([, , lines = '']) => lines.split('\n').map(line => line.trim()).filter(line => line !== ''))
  const within = [...text.matchAll(/`((?:npm|npx|node|docker|git) [^`\n]+)`/g)].map(([, command = '']) => command)
  return [...new Set([...blocks, ...within])]
}

test.describe('the README', () => {
  let demo: Demo
  let folder: string

  test.beforeAll(async () => {
    demo = await startDemo()
    folder = await mkdtemp(join(tmpdir(), 'similarity-readme-'))
  })
  test.afterAll(async () => {
    await demo[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** A command line as it stands, for a project of the sample collection and a companion of our own. */
  const atDemo = (command: string): Promise<Ended> => run(command.replace('local-datashare', 'harbour'), { SIMILARITY_URL: demo.companionUrl })

  async function demoFromClone(command: string): Promise<void> {
    const child = start(command, { TMPDIR: folder })
    try {
      const address = await saysBeforeEnd(child, /open (http:\/\/localhost:\d+)$/)
      const page = await fetch(address)
      expect(await page.text()).toContain('/plugins/datashare-plugin-similarity/')
      expect(await readdir(folder)).toContainEqual(expect.stringMatching(/^datashare-similarity-/))
    } finally {
      await interrupt(child)
    }
    // The texts and vectors of the demo go with it.
    await expect.poll(() => readdir(folder)).not.toContainEqual(expect.stringMatching(/^datashare-similarity-/))
  }

  async function companionBesideDatashare(command: string): Promise<void> {
    const child = start(command.replace('http://localhost:8080', demo.pageUrl).replace('http://localhost:9200', 'http://127.0.0.1:9'), { SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: join(folder, 'data') })
    try {
      const address = await saysBeforeEnd(child, /listens at (http:\/\/\S+?),/)
      expect(await (await fetch(`${address}/api/info`)).json()).toMatchObject({ apiVersion: 1, datashare: { reachable: true } })
    } finally {
      await interrupt(child)
    }
  }

  async function pluginInstall(command: string): Promise<void> {
    const { code, said } = await run(command.replace('~/.local/share/datashare/plugins', folder))
    expect(code, said).toBe(0)
    const { version } = await readJson('plugin', 'package.json')
    const installed = join(folder, `datashare-plugin-similarity-${version}`)
    expect(await readdir(join(installed, 'dist'))).toContain('index.umd.js')
    expect(existsSync(join(installed, 'package.json'))).toBe(true)
  }

  async function pack(command: string): Promise<void> {
    const { version } = await readJson('plugin', 'package.json')
    const archive = join(ROOT, `datashare-plugin-similarity-${version}.tgz`)
    await rm(archive, { force: true })
    const { code, said } = await run(command)
    expect(code, said).toBe(0)
    expect(said).toContain(archive)
    expect(existsSync(archive)).toBe(true)
    await rm(archive)
  }

  async function isScript(command: string): Promise<void> {
    const { scripts } = await readJson('package.json')
    expect(scripts).toHaveProperty([command.replace(/^npm (run )?/, '')])
  }

  const says = (expected: string) => async (command: string): Promise<void> => {
    const { code, said } = await atDemo(command)
    expect(code, said).toBe(0)
    expect(said).toContain(expected)
  }

  const whenVectorized = (trial: (command: string) => Promise<void>) => async (command: string): Promise<void> => {
    await vectorize(demo, 'harbour')
    await trial(command)
  }

  /** Beside the demo's page and without an Elasticsearch: it says so, and what to do. */
  async function doctor(command: string): Promise<void> {
    const { code, said } = await run(command, { DATASHARE_URL: demo.pageUrl, ELASTICSEARCH_URL: 'http://127.0.0.1:9', SIMILARITY_PORT: '0', SIMILARITY_DATA_DIR: join(folder, 'doctor') })
    expect(code, said).not.toBe(0)
    expect(said).toMatch(/^ok +datashare/m)
    expect(said).toMatch(/^error +elasticsearch.*\n +Fix: .*\n +Code: elasticsearch_unreachable$/m)
  }

  /** How each command is tried. Those that are this very run, or what it stands on, are checked to exist. */
  const trials: Readonly<Record<string, (command: string) => Promise<void>>> = {
    'npm run demo': demoFromClone,
    'npm ci': () => { expect(existsSync(join(ROOT, 'package-lock.json'))).toBe(true); return Promise.resolve() },
    'npm run build': isScript,
    'npm run pack': pack,
    'npx --no-install datashare-similarity plugin install --plugins-dir ~/.local/share/datashare/plugins': pluginInstall,
    'npx --no-install datashare-similarity doctor': doctor,
    'DATASHARE_URL=http://localhost:8080 ELASTICSEARCH_URL=http://localhost:9200 npx --no-install datashare-similarity serve': companionBesideDatashare,
    'npx --no-install datashare-similarity vectorize local-datashare': says('100 %  done  7/7 documents'),
    'npx --no-install datashare-similarity status local-datashare': whenVectorized(says('7 of 7 documents vectorized')),
    'npx --no-install datashare-similarity similar local-datashare "payments to a minister\'s family"': whenVectorized(says('.docx')),
    'npm test': async (command) => {
      await isScript(command)
      expect(await readFile(join(ROOT, '.ci', 'run'), 'utf8')).toMatch(/^exec npm test$/m)
    },
  }

  test('names no command that is not tried here, and none is tried that it does not name', async () => {
    expect((await commandsOfReadme()).toSorted()).toEqual(Object.keys(trials).toSorted())
  })

  for (const [command, trial] of Object.entries(trials)) {
    test(`\`${command}\` does what it says`, async () => {
      test.setTimeout(120_000)
      await trial(command)
    })
  }
})
