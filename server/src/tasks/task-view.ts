import { ERRORS, type Task } from '@datashare-similarity/shared'
import type { Counts, TaskRow } from './rows.ts'

export const SHOWN_FAILURES = 20
export const SHOWN_CHILDREN = 100
const SCANNED = 0.02
const EMBEDDED = 0.95
const INDEXED = 0.98

/** What is shown of a task beside its row. */
export interface TaskFacts {
  /** Of a chain the sum over its batches. */
  readonly counts: Counts
  readonly children: Task['children']
  readonly childCounts: Task['childCounts']
  readonly failures: Task['failures']
  /** Share of the documents that the scan has seen, 0..1. */
  readonly scanned: number
  /** Characters embedded, but not written yet. */
  readonly weightInFlight: number
  /** The dependency that it waits for. */
  readonly waitingFor: string | null
  readonly rate: number | null
  readonly etaSeconds: [number, number] | null
}

/** A task as the contract shows it. */
export function toTask(row: TaskRow, facts: TaskFacts): Task {
  const { documents, done, empty, failed, passages } = facts.counts
  const waitingFor = row.phase === 'cancelling' ? null : facts.waitingFor
  return {
    id: row.id,
    name: row.name,
    project: row.project,
    state: row.state,
    phase: waitingFor === null ? row.phase : 'waiting',
    waitingFor,
    progress: progressOf(row, facts),
    counts: { documents, done, empty, failed, passages },
    rate: facts.rate,
    etaSeconds: facts.etaSeconds,
    failures: facts.failures,
    error: row.error_code === null ? null : { code: row.error_code, detail: row.error_detail ?? ERRORS[row.error_code].why, fix: ERRORS[row.error_code].fix },
    parent: row.parent,
    resumes: row.resumes,
    mode: row.mode,
    createdBy: row.created_by,
    createdAt: row.created_at,
    startedAt: row.started_at,
    completedAt: row.completed_at,
    children: facts.children,
    childCounts: facts.childCounts,
  }
}

/** A number of the time left is a guess: shown as a range. */
export const etaRange = (seconds: number): [number, number] => [Math.floor(seconds * 0.8), Math.ceil(seconds * 1.4)]

function progressOf(row: TaskRow, { counts, weightInFlight, scanned }: TaskFacts): number {
  if (row.state === 'DONE') return 1
  const embedded = counts.weight === 0 ? 0 : Math.min(1, (counts.weight_done + weightInFlight) / counts.weight)
  if (row.parent !== null) return embedded
  if (row.planned === 0) return SCANNED * Math.min(1, scanned)
  if (row.phase === 'indexing') return EMBEDDED
  if (row.phase === 'verifying') return INDEXED
  return SCANNED + (EMBEDDED - SCANNED) * embedded
}
