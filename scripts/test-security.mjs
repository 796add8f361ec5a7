/* `npm run test:security`: the suite of docs/security.md on its own, against a real companion; writes the table there. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const REPORT = join('test-results', 'security.json')
const run = args => spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0

const passed = run([
  join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`,
  'server/src/security', 'server/src/embedding/onnx-file', 'server/src/http', 'server/src/store/lancedb/filter', 'server/src/datashare/access-check', 'plugin/src/components/ResultCard',
])
const isWritten = run([join('scripts', 'security-table.mjs'), REPORT])
process.exitCode = passed && isWritten ? 0 : 1
