/*
 * `npm test`: every check of the short tier, in the order in which a fault is cheapest to find; with --all, the long forms.
 * Ends with the plain line "N passed, N failed"; what had to be skipped is named before it, with how to get it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { findChromium } from './chromium.mjs'
import { SUITES } from './suites.mjs'

const results = 'test-results'
const totals = { passed: 0, failed: 0, skipped: 0 }
const failures = []
const skips = []

const long = process.argv.includes('--all') ? { SIMILARITY_LONG_TESTS: '1' } : {}

const bin = (...path) => join('node_modules', ...path)

function run(args, env = {}) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  return status === 0
}

function runAside(args, said) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', part => said.push(part))
  return new Promise(resolve => child.on('close', code => resolve(code === 0)))
}

function title(name) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 70 - name.length))}`)
}

/** Several may run at once: what one says comes whole, when it has ended. */
async function check(name, steps) {
  const started = Date.now()
  const said = []
  let ok = true
  for (const args of steps) ok &&= await runAside(args, said)
  title(name)
  process.stdout.write(said.join(''))
  totals[ok ? 'passed' : 'failed'] += 1
  if (!ok) failures.push(name)
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name} (${Math.round((Date.now() - started) / 1000)} s)`)
  return ok
}

/** Counts the tests of a runner by its JSON report; a run without a report is a failure of its own. */
function suite(name, args, env, read) {
  title(name)
  const report = join(results, `${name}.json`)
  rmSync(report, { force: true })
  const ok = run(args(report), env(report))
  const counted = existsSync(report) ? read(JSON.parse(readFileSync(report, 'utf8'))) : { passed: 0, failed: 0, skipped: [], failures: [] }
  totals.passed += counted.passed
  totals.failed += counted.failed
  totals.skipped += counted.skipped.length
  skips.push(...counted.skipped)
  if (!ok && counted.failed === 0) totals.failed += 1
  if (!ok) failures.push(name, ...counted.failures)
}

/** Again at the end, with the reason: of a long output only the end is often kept. */
const failureOf = (file, title, message) => `${relative('.', file)} ${title}\n${stripVTControlCharacters(message).trim().split('\n').slice(0, 30).map(line => `    ${line}`).join('\n')}`

const readVitest = ({ testResults }) => {
  const tests = testResults.flatMap(file => file.assertionResults.map(test => ({ ...test, file: file.name })))
  const failed = tests.filter(({ status }) => status === 'failed')
  const broken = testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: failed.length + broken.length,
    failures: [
      ...failed.map(({ file, fullName, failureMessages }) => failureOf(file, fullName, failureMessages.join('\n'))),
      ...broken.map(({ name, message }) => failureOf(name, '(the whole file)', message)),
    ],
    skipped: tests.filter(({ status }) => ['skipped', 'pending', 'todo'].includes(status)).map(({ fullName }) => fullName),
  }
}

const readPlaywright = ({ stats, suites }) => {
  const specs = list => list.flatMap(({ specs: own = [], suites: inner = [] }) => [...own, ...specs(inner)])
  const having = state => specs(suites).filter(({ tests }) => tests.every(({ status }) => status === state))
  const messages = ({ tests }) => tests.flatMap(({ results }) => results.flatMap(({ errors }) => errors.map(({ message }) => message))).join('\n')
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected,
    skipped: having('skipped').map(spec => spec.title),
    failures: having('unexpected').map(spec => failureOf(join('e2e', 'tests', spec.file), spec.title, messages(spec))),
  }
}

mkdirSync(results, { recursive: true })
await Promise.all([
  check('lint', [[bin('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0']]),
  check('types', [
    [bin('typescript', 'bin', 'tsc'), '-b', 'tsconfig.build.json'],
    ...['.', 'shared', 'server', 'e2e'].map(project => [bin('typescript', 'bin', 'tsc'), '-p', project]),
    ...['plugin', 'e2e/demo-host'].map(project => [bin('vue-tsc', 'bin', 'vue-tsc.js'), '--noEmit', '-p', join(project, 'tsconfig.json')]),
  ]).then(() => check('rules of the house', [[bin('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'), '--config', '.dependency-cruiser.mjs', 'shared/src', 'server/src', 'plugin/src']]))
    .then(() => check('nothing unused', [[bin('knip', 'bin', 'knip.js')]])),
])
const built = await check('build', [['scripts/bootstrap.mjs', 'build']])
suite('unit', report => [bin('vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], () => long, readVitest)
for (const [name, { document }] of Object.entries(SUITES)) await check(`table of ${document}`, [['scripts/case-table.mjs', name, join(results, 'unit.json'), '--check']])

const chromium = built ? findChromium() : undefined
if (chromium === undefined) {
  title('end to end')
  totals.skipped += 1
  skips.push('end-to-end tests: no Chromium. Install it (Debian: apt-get install chromium) or name it with CHROME_PATH')
} else {
  suite('e2e', () => [bin('@playwright', 'test', 'cli.js'), 'test', '--config', 'e2e/playwright.config.ts', '--reporter=list,json'],
    report => ({ ...long, CHROME_PATH: chromium, PLAYWRIGHT_JSON_OUTPUT_FILE: report }), readPlaywright)
}

/** Of what is shipped; a fault of the network is no verdict. */
function audit(folder) {
  const name = folder === '.' ? 'npm audit' : `npm audit of ${folder}`
  title(name)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { stdout } = spawnSync(npm, ['audit', '--omit=dev', '--json'], { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' })
  const counts = JSON.parse(stdout || '{}').metadata?.vulnerabilities
  if (counts === undefined) {
    totals.skipped += 1
    skips.push(`${name}: the registry did not answer`)
    return
  }
  console.log(JSON.stringify(counts))
  const isClean = counts.high + counts.critical === 0
  totals[isClean ? 'passed' : 'failed'] += 1
  if (!isClean) failures.push(name)
}
if (process.argv.includes('--all')) ['.', 'deploy/temporal'].forEach(audit)

title('result')
for (const name of skips) console.log(`skipped: ${name}`)
for (const name of failures) console.log(`failed: ${name}`)
console.log(`${totals.passed} passed, ${totals.failed} failed${totals.skipped === 0 ? '' : `, ${totals.skipped} skipped`}`)
process.exit(totals.failed === 0 ? 0 : 1)
