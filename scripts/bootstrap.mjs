/*
 * The door to every npm script: plain JavaScript without dependencies, so that it also runs on the system's older Node.
 * It installs what the lock file says where that is newer than the installation, then goes on with the project's own Node 24.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allocator, heap } from '../server/bin/allocator.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const windows = process.platform === 'win32'
const node = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')
const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) }

const tool = (...path) => join(root, 'node_modules', ...path)

function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  return existsSync(node) && existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

function install() {
  if (isInstalled()) return
  console.log('Installing what package-lock.json names (about a minute) …')
  run(windows ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: windows })
}

function build() {
  run(node, [tool('typescript', 'bin', 'tsc'), '-b', 'tsconfig.build.json'])
  run(node, [tool('vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], { cwd: join(root, 'plugin') })
  run(node, [tool('vite', 'bin', 'vite.js'), 'build', 'demo-host', '--logLevel', 'warn'], { cwd: join(root, 'e2e') })
}

async function needChromium() {
  const { findChromium } = await import('./chromium.mjs')
  env.CHROME_PATH = findChromium()
  if (env.CHROME_PATH === undefined) throw new Error('No Chromium. Install it (Debian: apt-get install chromium) or name it with CHROME_PATH')
}

/** Becomes the given program: signals go on to it, its exit code is ours. Ended by a signal that nobody sent through us, it failed. */
function become(args, extra = {}) {
  const child = spawn(node, args, { cwd: root, env: { ...env, ...extra }, stdio: 'inherit' })
  const sent = new Set()
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      sent.add(signal)
      child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => process.exit(code ?? (sent.has(signal) ? 0 : 1)))
}

const commands = {
  build: () => build(),
  demo: () => {
    build()
    become(['server/bin/datashare-similarity.js', 'serve', '--demo'])
  },
  dev: () => {
    build()
    become(['scripts/dev.mjs'])
  },
  pack: () => {
    build()
    become(['server/bin/datashare-similarity.js', 'plugin', 'pack'])
  },
  packNpm: () => {
    build()
    become(['--conditions=@similarity/source', 'scripts/pack-npm.mjs'])
  },
  test: args => become(['scripts/test.mjs', ...args]),
  security: args => become(['scripts/test-suite.mjs', 'security', ...args]),
  faults: args => become(['scripts/test-suite.mjs', 'faults', ...args]),
  licences: () => become(['--conditions=@similarity/source', 'scripts/licences.mjs']),
  screenshots: async (args) => {
    build()
    await needChromium()
    become(['e2e/screenshots.ts', ...args])
  },
  bench: async ([name, ...args]) => {
    build()
    if (name === 'plugin') await needChromium()
    become([...heap, '--expose-gc', '--conditions=@similarity/source', `bench/${name}.ts`, ...args], allocator)
  },
}

const [name, ...args] = process.argv.slice(2)
if (!Object.hasOwn(commands, name ?? '')) {
  console.error(`Usage: node scripts/bootstrap.mjs ${Object.keys(commands).join(' | ')}`)
  process.exit(2)
}
install()
await commands[name](args)
