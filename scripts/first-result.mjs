/*
 * `npm run first-result`: somebody new on an empty machine. A clone in an empty folder, an empty cache of npm, then what the README
 * says and nothing else, until a question has an answer. Prints how long each step took; whether that is fast is for people to say.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What the README says under "Try it": its command, and the question to ask. */
function readReadme(folder) {
  const text = readFileSync(join(folder, 'README.md'), 'utf8')
  const part = text.slice(text.indexOf('## Try it'), text.indexOf('## With your Datashare'))
  const [, command] = /```sh\n(.+)\n```/.exec(part) ?? []
  const [, question] = /ask \*"(.+?)"\*/.exec(part) ?? []
  if (command === undefined || question === undefined) throw new Error('The README does not say any more how to try it')
  return { command, question }
}

/** Only what a fresh machine has: npm's settings of the place, and neither its cache nor what an npm around this one has set. */
function freshEnv(folder) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && !name.startsWith('SIMILARITY_'))
  const path = (process.env.PATH ?? '').split(':').filter(part => !part.includes('node_modules')).join(':')
  return { ...Object.fromEntries(kept), PATH: path, npm_config_cache: join(folder, 'npm-cache'), SIMILARITY_PORT: '0' }
}

async function addressesOf(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(`    ${line}`)
    const [, companion] = /companion at (http:[^;]+)/.exec(line) ?? []
    if (companion !== undefined) return companion
  }
  throw new Error('The demo ended before it said its address')
}

/** As the plugin does: starts it, looks now and then, asks. */
async function vectorize(api) {
  const post = (path, body) => fetch(`${api}/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  let { task } = await (await post('vectorize', {})).json()
  while (!['DONE', 'ERROR', 'CANCELLED'].includes(task.state)) {
    await wait(500)
    task = await (await fetch(`${api.replace(/projects\/.*/, 'tasks')}/${task.id}`)).json()
  }
  if (task.state !== 'DONE') throw new Error(`The vectorization ended as ${task.state}`)
  return async query => (await (await post('similar', { queries: [query] })).json()).results[0].documents
}

/**
 * @param {{ project?: string }} [options] the name behind the project that the README chooses
 * @returns {Promise<{ seconds: Record<string, number>, first: { title: string, strength: string } }>}
 */
export async function firstResult({ project = 'meridian' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'first-result-'))
  const clone = join(folder, 'clone')
  const seconds = {}
  let since = Date.now()
  const done = (step) => {
    seconds[step] = Math.round((Date.now() - since) / 1000)
    console.log(`${step}: ${seconds[step]} s`)
    since = Date.now()
  }
  let child
  try {
    spawnSync('git', ['clone', '--quiet', root, clone], { stdio: 'inherit' })
    done('clone')
    const { command, question } = readReadme(clone)
    console.log(`  $ ${command}`)
    child = spawn('/bin/sh', ['-c', command], { cwd: clone, env: freshEnv(folder), stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    const companion = await addressesOf(child)
    child.stdout.resume()
    done('install, build and start')
    const ask = await vectorize(`${companion}/api/projects/${project}`)
    done('vectorize')
    const [first] = await ask(question)
    done('ask')
    console.log(`first result: ${first?.title} (${first?.strength}), after ${Object.values(seconds).reduce((sum, each) => sum + each, 0)} s in all`)
    return { seconds, first }
  } finally {
    if (child?.exitCode === null) {
      process.kill(-child.pid, 'SIGINT')
      await new Promise(resolve => child.once('exit', resolve))
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await firstResult()
