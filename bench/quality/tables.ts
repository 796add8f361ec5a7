import { MEASURES, type Claim, type MeasureName, type PartReport } from './report.ts'
import type { Estimate } from './measures.ts'
import { SYSTEMS } from './systems.ts'

const TITLES: Readonly<Record<MeasureName, string>> = { ndcg: 'nDCG@10', recall: 'recall@10', mrr: 'MRR@10' }

/** All figures as Markdown: a table a measure, the differences, and what is promised. Brackets hold 95 % intervals. */
export const asMarkdown = (parts: readonly PartReport[], claims: readonly Claim[]): string => [
  ...MEASURES.map(measure => measureTable(parts, measure)),
  differenceTable(parts),
  ...(claims.length === 0 ? [] : [claimTable(claims)]),
].join('\n\n')

function measureTable(parts: readonly PartReport[], measure: MeasureName): string {
  const systems = SYSTEMS.filter(system => parts.some(part => part.systems[system] !== undefined))
  return table(['', 'queries', ...systems], parts.map(({ name, queries, systems: figures }) =>
    [name, String(queries), ...systems.map(system => shown(figures[system]?.[measure]))]), TITLES[measure])
}

const differenceTable = (parts: readonly PartReport[]): string =>
  table(['', 'difference', 'nDCG@10', 'factor'], parts.flatMap(({ name, differences, ratios, betterList }) => differences.map(({ of, from, estimate }) => {
    const factor = from === 'reference' ? ratios.reference : from === betterList && of === 'hybrid' ? ratios.betterList : null
    return [name, `${of} − ${from}`, shown(estimate, true), factor === null ? '' : `× ${factor.toFixed(2)}`]
  })), 'Differences, paired by query')

const claimTable = (claims: readonly Claim[]): string =>
  table(['', 'at least', 'measured', ''], claims.map(({ claim, needed, measured, isReached }) => [claim, number(needed), number(measured), isReached ? 'reached' : '**not reached**']), 'What is promised')

const table = (head: readonly string[], rows: readonly (readonly string[])[], title: string): string =>
  [`**${title}**`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const number = (value: number): string => value.toFixed(3).replace('-', '−')

function shown(estimate: Estimate | undefined, isDifference = false): string {
  if (estimate === undefined) return ''
  const sign = isDifference && estimate.mean >= 0 ? '+' : ''
  return `${sign}${number(estimate.mean)} [${number(estimate.low)}, ${number(estimate.high)}]`
}
