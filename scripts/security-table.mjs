/*
 * Makes the table in docs/security.md from a report of vitest: `node scripts/security-table.mjs <report.json>`.
 * With --check it changes nothing and fails where the table is another.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const DOCUMENT = 'docs/security.md'
const BEGIN = '<!-- table: begin, made by npm run test:security -->'
const END = '<!-- table: end -->'

const CASES = {
  S1: 'a page searches with a good cookie but without the anti-forgery token',
  S2: 'a page guesses the token',
  S3: 'another site posts a form, or a link changes something',
  S4: 'a page of another, a similar or no origin reads an answer; a foreign name resolves to the companion',
  S5: 'a signed-in user asks for a project that is not theirs',
  S6: 'a document of one project is asked for under another',
  S7: 'a second project is smuggled in with the path, the query, the body or a filter',
  S8: 'Datashare is down, or answers nonsense, while the companion asks who you are or what you may see',
  S9: 'a user without any project',
  S10: 'project names that are paths, wildcards, lists, other alphabets or too long',
  S11: 'document ids that are conditions of a database query',
  S12: '10,000 hostile ids in a filter',
  S13: 'a request of 5 MB',
  S14: 'absurd amounts of results, pages and queries',
  S15: '200 searches at once while a project is vectorized',
  S16: 'addresses in a request, and a redirect from Datashare to another machine',
  S17: 'text, query, cookie and key are looked for in logs, errors, tasks and the ledger',
  S18: 'a document is deleted in Datashare',
  S19: 'what the next vectorization makes of a deleted document',
  S20: 'deleted and wiped text is looked for in the bytes on disk',
  S21: 'access is revoked in the middle of a session',
  S22: 'somebody signs out, and somebody else signs in with the same browser',
  S23: 'one byte of the model is changed',
  S24: 'a model names other files for its data',
  S25: 'rights of the data folder and of every file in it, also while it is written to',
  S26: 'a document holds markup',
  S27: 'a document of 50 MB',
  S28: 'projects that are forbidden, unknown and without vectors are told apart by status, headers, body, upstream calls or time',
  S29: 'somebody else\'s task is stopped, resumed, forgotten or looked at',
  S30: 'the process that runs the model is killed again and again',
  S31: 'an API key alone, beside a stale cookie, and beside the cookie of another user',
}

function countTests(report) {
  const counts = Object.fromEntries(Object.keys(CASES).map(number => [number, { passed: 0, failed: 0, skipped: 0 }]))
  for (const { name, assertionResults } of report.testResults) {
    if (!/\/(server\/src\/security|plugin\/src)\//.test(name.replaceAll('\\', '/'))) continue
    for (const { title, status } of assertionResults) {
      const number = /^(S\d+): /.exec(title)?.[1]
      if (number === undefined) continue
      counts[number][status === 'passed' || status === 'failed' ? status : 'skipped'] += 1
    }
  }
  return counts
}

function resultOf({ passed, failed, skipped }) {
  if (passed + failed + skipped === 0) return 'not run'
  if (failed > 0) return `**${failed} failed**`
  return skipped > 0 ? `passed, ${skipped} skipped` : 'passed'
}

const table = counts => [
  '| | what is tried | tests | result |',
  '| --- | --- | --- | --- |',
  ...Object.entries(CASES).map(([number, tried]) => `| ${number} | ${tried} | ${counts[number].passed + counts[number].failed} | ${resultOf(counts[number])} |`),
].join('\n')

const [reportFile, flag] = process.argv.slice(2)
const counts = countTests(JSON.parse(readFileSync(reportFile, 'utf8')))
const document = readFileSync(DOCUMENT, 'utf8')
const [before, rest] = document.split(BEGIN)
const after = rest.split(END)[1]
const written = `${before}${BEGIN}\n\n${table(counts)}\n\n${END}${after}`

if (flag === '--check') {
  if (written !== document) {
    console.error(`The table in ${DOCUMENT} is not that of this run: "npm run test:security" makes it.`)
    process.exitCode = 1
  }
} else {
  writeFileSync(DOCUMENT, written)
}
