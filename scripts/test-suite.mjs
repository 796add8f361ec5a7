/* `npm run test:security`, `npm run test:faults`: a numbered suite on its own, against real parts; writes the table in its document. With --long, its long forms too. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SUITES } from './suites.mjs'

const [name, flag] = process.argv.slice(2)
const report = join('test-results', `${name}.json`)
const env = { ...process.env, ...flag === '--long' && { SIMILARITY_LONG_TESTS: '1' } }
const run = args => spawnSync(process.execPath, args, { stdio: 'inherit', env }).status === 0

mkdirSync('test-results', { recursive: true })
const passed = run([join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...SUITES[name].tests])
const isWritten = run([join('scripts', 'case-table.mjs'), name, report])
process.exitCode = passed && isWritten ? 0 : 1
