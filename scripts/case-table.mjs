/*
 * Makes the table of a suite in its document from a report of vitest: `node scripts/case-table.mjs <suite> <report.json>`.
 * With --check it changes nothing and fails where the table is another; what this machine had to skip counts as passed there,
 * for the run names it anyway.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { SUITES } from './suites.mjs'

const [name, reportFile, flag] = process.argv.slice(2)
const { document: path, paths, cases } = SUITES[name]
const isCheck = flag === '--check'
const BEGIN = `<!-- table: begin, made by npm run test:${name} -->`
const END = '<!-- table: end -->'

/** Tests of a long form say so in their title: the short tier always skips them. */
function countTests(report) {
  const counts = Object.fromEntries(Object.keys(cases).map(number => [number, { short: 0, long: 0, failed: 0, skipped: 0 }]))
  for (const { name: file, assertionResults } of report.testResults) {
    if (!paths.test(file.replaceAll('\\', '/'))) continue
    for (const { title, status } of assertionResults) {
      const [, number, form] = /^([SR]\d+)( \(long\))?: /.exec(title) ?? []
      if (!Object.hasOwn(counts, number ?? '')) continue
      const count = counts[number]
      count[form === undefined ? 'short' : 'long'] += 1
      if (status === 'failed') count.failed += 1
      else if (status !== 'passed' && form === undefined && !isCheck) count.skipped += 1
    }
  }
  return counts
}

function resultOf({ short, long, failed, skipped }) {
  if (short + long === 0) return 'not run'
  if (failed > 0) return `**${failed} failed**`
  if (short === 0) return 'in the long form only'
  return skipped > 0 ? `passed, ${skipped} skipped` : 'passed'
}

function table(counts) {
  const hasLong = Object.values(counts).some(({ long }) => long > 0)
  const row = (...cells) => `| ${cells.join(' | ')} |`
  return [
    row('', 'what is tried', 'tests', ...hasLong ? ['more in the long form'] : [], 'result').replace('|  |', '| |'),
    row(...Array.from({ length: hasLong ? 5 : 4 }, () => '---')),
    ...Object.entries(cases).map(([number, tried]) => row(number, tried, counts[number].short, ...hasLong ? [counts[number].long || ''] : [], resultOf(counts[number]))),
  ].join('\n')
}

const document = readFileSync(path, 'utf8')
const [before, rest] = document.split(BEGIN)
const after = rest.split(END)[1]
const written = `${before}${BEGIN}\n\n${table(countTests(JSON.parse(readFileSync(reportFile, 'utf8'))))}\n\n${END}${after}`

if (!isCheck) {
  writeFileSync(path, written)
} else if (written !== document) {
  console.error(`The table in ${path} is not that of this run: "npm run test:${name}" makes it.`)
  process.exitCode = 1
}
