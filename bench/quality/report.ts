import type { CollectionName } from './collections.ts'
import { bootstrap, type Estimate, type Measures } from './measures.ts'
import { SYSTEMS, type System } from './systems.ts'

/** A query with the figures of each system. */
export interface Outcome {
  readonly collection: CollectionName
  readonly language: string
  readonly part: 'tune' | 'report'
  /** Whether the answer lies beyond the first 512 tokens; null where nobody has said where it lies. */
  readonly isDeep: boolean | null
  readonly measures: Readonly<Partial<Record<System, Measures>>>
}

export const MEASURES = ['ndcg', 'recall', 'mrr'] as const
export type MeasureName = typeof MEASURES[number]

/** The lists that are fused, each by itself. */
const LISTS = ['passages', 'documents', 'meaning'] as const

export interface PartReport {
  readonly name: string
  readonly queries: number
  readonly systems: Readonly<Partial<Record<System, Readonly<Record<MeasureName, Estimate>>>>>
  /** The list that does better alone in this part. */
  readonly betterList: typeof LISTS[number]
  /** Of nDCG@10, paired by query: hybrid, and the variant, less another system. */
  readonly differences: readonly { readonly of: System, readonly from: System, readonly estimate: Estimate }[]
  /** nDCG@10 of hybrid divided by another system's. */
  readonly ratios: { readonly reference: number, readonly betterList: number }
}

export interface Claim {
  readonly claim: string
  readonly needed: number
  readonly measured: number
  readonly isReached: boolean
}

/** Fewer queries say nothing. */
const FEWEST = 5

/** Parts of all outcomes, in the order in which they are shown. Those that have hardly any queries are left out. */
export function partsOf(outcomes: readonly Outcome[]): PartReport[] {
  const named: [string, readonly Outcome[]][] = [
    ...halves('English', outcomes.filter(({ collection }) => collection === 'english')),
    ...halves('other languages', outcomes.filter(({ collection }) => collection === 'languages')),
    ...byLanguage('', outcomes.filter(({ collection, part }) => collection === 'languages' && part === 'report')),
    ...byLanguage('Debian’s manuals, ', outcomes.filter(({ collection }) => collection === 'debian')),
    ['sample collection', outcomes.filter(({ collection }) => collection === 'sample')],
    ...byLanguage('sample collection, ', outcomes.filter(({ collection }) => collection === 'sample')),
    ...(['report', 'tune'] as const).map((part): [string, readonly Outcome[]] => [`like a long document, ${part}`, outcomes.filter(each => each.collection === 'joined' && each.part === part)]),
  ]
  return named.filter(([, those]) => those.length >= FEWEST).map(([name, those]) => partReport(name, those))
}

function halves(name: string, outcomes: readonly Outcome[]): [string, readonly Outcome[]][] {
  const report = outcomes.filter(({ part }) => part === 'report')
  return [
    [`${name}, report`, report],
    [`${name}, report, answer within 512 tokens`, report.filter(({ isDeep }) => isDeep === false)],
    [`${name}, report, answer beyond 512 tokens`, report.filter(({ isDeep }) => isDeep === true)],
    [`${name}, tune`, outcomes.filter(({ part }) => part === 'tune')],
  ]
}

const byLanguage = (before: string, outcomes: readonly Outcome[]): [string, readonly Outcome[]][] =>
  [...Map.groupBy(outcomes, ({ language }) => language)].toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([language, those]) => [`${before}${language.charAt(0)}${language.slice(1).toLowerCase()}`, those])

function partReport(name: string, outcomes: readonly Outcome[]): PartReport {
  const values = (system: System, measure: MeasureName): number[] => outcomes.map(({ measures }) => measures[system]?.[measure] ?? 0)
  const systems = SYSTEMS.filter(system => outcomes.some(({ measures }) => measures[system] !== undefined))
  const figures = Object.fromEntries(systems.map(system => [system, {
    ndcg: bootstrap(values(system, 'ndcg')), recall: bootstrap(values(system, 'recall')), mrr: bootstrap(values(system, 'mrr')),
  }]))
  const mean = (system: System): number => figures[system]?.ndcg.mean ?? 0
  const [betterList = 'meaning'] = LISTS.toSorted((a, b) => mean(b) - mean(a))
  const difference = (of: System, from: System): PartReport['differences'][number] => {
    const others = values(from, 'ndcg')
    return { of, from, estimate: bootstrap(values(of, 'ndcg').map((value, at) => value - (others[at] ?? 0))) }
  }
  return {
    name, queries: outcomes.length, systems: figures, betterList,
    differences: [difference('hybrid', betterList), difference('hybrid', 'words'), difference('hybrid', 'reference'), ...(systems.includes('variant') ? [difference('variant', 'hybrid')] : [])],
    ratios: { reference: mean('hybrid') / mean('reference'), betterList: mean('hybrid') / mean(betterList) },
  }
}

/** What is promised of the ranking, with what was measured, as far as its parts were. */
export function claimsOf(parts: readonly PartReport[]): Claim[] {
  const find = (name: string): PartReport | undefined => parts.find(part => part.name === name)
  const claim = (text: string, needed: number, measured: number | undefined): Claim[] =>
    (measured === undefined ? [] : [{ claim: text, needed, measured, isReached: measured >= needed }])
  const english = find('English, report')
  const deep = find('English, report, answer beyond 512 tokens')
  const others = find('other languages, report')
  const gap = (part: PartReport | undefined): number | undefined => part && (part.systems.hybrid?.ndcg.mean ?? 0) - (part.systems.words?.ndcg.mean ?? 0)
  return [
    ...claim('English: hybrid ÷ the reference’s way', 1.6, english?.ratios.reference),
    ...claim('English: hybrid ÷ the better single list', 1.08, english?.ratios.betterList),
    ...claim('English, answer beyond 512 tokens: hybrid ÷ the reference’s way', 2.5, deep?.ratios.reference),
    ...claim('other languages: hybrid − words alone', -0.01, gap(others)),
  ]
}
