import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { extract, list } from 'tar'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packNpm } from './pack-npm.mjs'
import { publishLocally, type Registry } from './testing/registry.ts'

const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'
const isBuilt = ['server/dist/main.js', 'plugin/dist/index.umd.js', 'e2e/demo-host/dist/index.html'].every(file => existsSync(join(import.meta.dirname, '..', file)))
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8')) as Record<string, unknown>

interface Locked { readonly version: string, readonly integrity?: string, readonly dev?: boolean, readonly hasInstallScript?: boolean }

describe.skipIf(!isBuilt)('the package that npm installs (after npm run build)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'npm-package-'))
  let archive: string

  beforeAll(async () => {
    archive = await packNpm({ folder })
    await extract({ file: archive, cwd: folder })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is named by the command and its version, and names the platforms that its parts exist for', () => {
    const manifest = readJson(folder, 'package', 'package.json')

    expect(archive).toBe(join(folder, `datashare-similarity-${String(manifest['version'])}.tgz`))
    expect(manifest).toMatchObject({ name: 'datashare-similarity', license: 'MIT', os: ['linux', 'darwin', 'win32'], cpu: ['x64', 'arm64'], engines: { node: '>=24' } })
    expect(existsSync(join(folder, 'package', 'server/bin/datashare-similarity.js'))).toBe(true)
  })

  it('holds what runs, the model with its licence, the plugin and the demo; no source, test, setting or note of the build', async () => {
    const paths: string[] = []
    await list({ file: archive, onReadEntry: ({ path }) => { paths.push(path) } })

    for (const part of ['LICENSE', 'server/dist/main.js', 'server/models/all-MiniLM-L6-v2/LICENSE', 'server/node_modules/@datashare-similarity/shared/dist/index.js', 'plugin/dist/index.umd.js', 'e2e/demo-host/dist/index.html']) {
      expect(paths).toContain(`package/${part}`)
    }
    expect(paths.filter(path => /\.ts$|\.test\.|\.tsbuildinfo$|(^|\/)\.(env|npmrc|git)/.test(path))).toEqual([])
  })

  it('has the licences of what is built into the plugin and the page, in full', () => {
    const notices = readFileSync(join(folder, 'package', 'THIRD-PARTY.txt'), 'utf8')

    for (const part of [/^vue 3\.[\s\S]+?Permission is hereby granted/m, /^bootstrap 5\.[\s\S]+?Permission is hereby granted/m, /^@fontsource-variable\/inter [\s\S]+?SIL OPEN FONT LICENSE/m, /^@iconify-json\/ph [\s\S]+?MIT/m]) expect(notices).toMatch(part)
  })

  it('brings its own lock file: every package with its version, none of development, and no install script that npm would run', () => {
    const { '': own, ...packages } = readJson(folder, 'package', 'npm-shrinkwrap.json')['packages'] as Partial<Record<string, Locked>>

    expect(own).toMatchObject({ name: 'datashare-similarity' })
    expect(Object.keys(packages)).toContain('node_modules/onnxruntime-node')
    expect(Object.entries(packages).filter(([, locked]) => locked?.version === undefined || locked.dev === true || locked.hasInstallScript === true)).toEqual([])
    expect(Object.keys(packages).filter(path => /vitest|vite$|eslint|typescript$|vue$/.test(path))).toEqual([])
  })

  it.runIf(isLong)('is the same archive every time', async () => {
    const again = join(folder, 'again')
    mkdirSync(again)

    expect(readFileSync(await packNpm({ folder: again })).equals(readFileSync(archive))).toBe(true)
  })

  if (isLong) describe('installed from a registry into an empty folder', () => {
    const home = mkdtempSync(join(tmpdir(), 'npm-install-'))
    let registry: Registry

    // The settings of the checkout's .npmrc, which npm hands to what it starts, are not there where a package is installed.
    const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'npm_config_onnxruntime_node_install'))
    /** As on a machine whose Node is the one that runs these tests. */
    const env = { ...bare, PATH: `${dirname(process.execPath)}${delimiter}${String(process.env['PATH'])}`, SIMILARITY_DATA_DIR: join(home, 'data'), SIMILARITY_PORT: '0' }
    const start = (...args: string[]): ChildProcess => spawn('npx', ['--no-install', 'datashare-similarity', ...args], {
      cwd: home, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env,
    })

    async function run(...args: string[]): Promise<{ code: number | null, said: string }> {
      const child = start(...args)
      let said = ''
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => { said += chunk.toString() })
      const [code] = await once(child, 'close') as [number | null]
      return { code, said }
    }

    beforeAll(async () => {
      registry = await publishLocally(archive)
      // With npm's own defaults: install scripts are run, where npm knows of any.
      const child = spawn('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--registry', registry.url, 'datashare-similarity'], { cwd: home, stdio: 'inherit', env })
      const [code] = await once(child, 'close') as [number | null]
      expect(code).toBe(0)
    }, 600_000)
    afterAll(async () => {
      await registry[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    })

    it('has the packages that were tested, and not a second copy of any', () => {
      const installed = join(home, 'node_modules', 'datashare-similarity', 'node_modules')

      expect(readJson(installed, '@huggingface/transformers', 'package.json')['version']).toBe(readJson(import.meta.dirname, '../node_modules/@huggingface/transformers/package.json')['version'])
      expect(readJson(installed, 'onnxruntime-web', 'package.json')['name']).toBe('onnxruntime-common')
    })

    it('says its version', async () => {
      const { code, said } = await run('--version')

      expect(code, said).toBe(0)
      expect(said.trim()).toBe(readJson(folder, 'package', 'package.json')['version'])
    })

    it('finds its model', async () => {
      const { code, said } = await run('model', 'list', '--json')

      expect(code, said).toBe(0)
      expect(said).toContain('all-MiniLM-L6-v2')
    })

    it('installs the plugin that it brings', async () => {
      const plugins = join(home, 'plugins')
      mkdirSync(plugins)
      const { code, said } = await run('plugin', 'install', '--plugins-dir', plugins)

      expect(code, said).toBe(0)
      expect(existsSync(join(plugins, `datashare-plugin-similarity-${String(readJson(folder, 'package', 'package.json')['version'])}`, 'dist', 'index.umd.js'))).toBe(true)
    })

    it('shows the demo, vectorizes and finds', async () => {
      const child = start('serve', '--demo')
      try {
        const addresses = { page: '', companion: '' }
        child.stderr!.resume()
        for await (const line of createInterface({ input: child.stdout! })) {
          addresses.page ||= /open (http:\S+)/.exec(line)?.[1] ?? ''
          addresses.companion ||= /companion at (http:[^;]+)/.exec(line)?.[1] ?? ''
          if (addresses.companion !== '') break
        }
        expect(await (await fetch(addresses.page)).text()).toContain('/plugins/datashare-plugin-similarity/')
        expect(await (await fetch(`${addresses.companion}/health/ready`)).json()).toMatchObject({ ready: true })

        const post = (path: string, body: unknown) => fetch(`${addresses.companion}/api/projects/harbour/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
        expect((await post('vectorize', {})).status).toBe(202)
        await expect.poll(async () => (await (await fetch(`${addresses.companion}/api/projects/harbour`)).json() as { coverage: unknown }).coverage, { timeout: 60_000 }).toMatchObject({ vectorized: 7 })
        const answer = await (await post('similar', { queries: ['payments to the family of a minister'] })).json() as { results: { documents: unknown[] }[] }
        expect(answer.results[0]?.documents.length).toBeGreaterThan(0)
      } finally {
        const ended = once(child, 'exit')
        process.kill(-child.pid!, 'SIGINT')
        await ended
      }
    }, 120_000)

    it('finds the packages of Temporal where they are installed beside it, and else says which', async () => {
      writeFileSync(join(home, '.env'), 'SIMILARITY_ENGINE=temporal\nSIMILARITY_STORE=elasticsearch\nTEMPORAL_ADDRESS=127.0.0.1:9\n')
      const look = async () => {
        const { said } = await run('doctor', '--json')
        const { findings } = JSON.parse(said.slice(said.indexOf('{"version"'))) as { findings: { check: string, code: string, detail: string }[] }
        return findings.find(({ check }) => check === 'temporal')
      }
      const needed = ['@temporalio/client@1.24.0', '@temporalio/worker@1.24.0']
      expect(await look()).toMatchObject({ code: 'configuration_wrong', detail: expect.stringContaining(`npm install ${needed.join(' ')}`) as string })

      const child = spawn('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--registry', registry.url, 'datashare-similarity', ...needed], { cwd: home, stdio: 'inherit', env })
      expect(await once(child, 'close')).toEqual([0, null])

      expect(await look()).toMatchObject({ code: 'temporal_unreachable' })
      for (const part of ['activity', 'common', 'workflow']) expect(existsSync(join(home, 'node_modules/@temporalio', part))).toBe(true)
    }, 600_000)
  })
})
