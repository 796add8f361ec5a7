import type { Figure } from './measure.ts'

export interface Row {
  readonly name: string
  readonly figures: Readonly<Record<string, Figure | number | undefined>>
}

/** What is promised of a figure. Ratios and shares: times differ between machines. */
export interface Claim {
  readonly claim: string
  readonly least?: number
  readonly most?: number
  readonly measured: number
}

export interface Part {
  readonly name: string
  readonly unit: string
  readonly rows: readonly Row[]
  readonly claims: readonly Claim[]
}

export const isReached = ({ least = -Infinity, most = Infinity, measured }: Claim): boolean => measured >= least && measured <= most

/** A part as a Markdown table: the middle of the runs, and where there were several the ends. */
export function asMarkdown({ name, unit, rows, claims }: Part, judges: boolean): string {
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))]
  const head = [`**${name}** (${unit})`, '', line(['', ...columns]), line(['---', ...columns.map(() => '--:')])]
  const body = rows.map(row => line([row.name, ...columns.map(column => shown(row.figures[column]))]))
  const promised = claims.map(claim => line([claim.claim, bound(claim), String(claim.measured), judges ? verdict(claim) : 'not judged']))
  return [...head, ...body, ...(promised.length === 0 ? [] : ['', line(['promised', '', 'measured', '']), line(['---', '--:', '--:', '---']), ...promised])].join('\n')
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const verdict = (claim: Claim): string => (isReached(claim) ? 'reached' : '**not reached**')

const bound = ({ least, most }: Claim): string => (least === undefined ? `at most ${most ?? ''}` : `at least ${least}`)

function shown(figure: Figure | number | undefined): string {
  if (figure === undefined) return ''
  if (typeof figure === 'number') return String(figure)
  return figure.low === figure.high ? String(figure.median) : `${figure.median} [${figure.low}–${figure.high}]`
}
