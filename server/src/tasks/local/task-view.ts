import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { ERRORS, type Task } from '@datashare-similarity/shared'
import type { ProjectName } from '../../datashare/access.ts'
import type { LiveChain } from './live.ts'
import { ChildCountsSchema, ChildSchema, CountsSchema, FailureSchema, TaskRowSchema, type Counts, type TaskRow } from './rows.ts'

const SHOWN_FAILURES = 20
const SHOWN_CHILDREN = 100
const SCANNED = 0.02
const EMBEDDED = 0.95
const INDEXED = 0.98

/** Tasks as the contract shows them: a chain's counts are the sum over its batches. */
export type TaskView = ReturnType<typeof createTaskView>

export function createTaskView(database: DatabaseSync, live: (chain: string) => LiveChain | undefined) {
  const countsOfBatches = (chain: string): Counts => CountsSchema.parse(database.prepare(`
    SELECT ifnull(sum(documents), 0) AS documents, ifnull(sum(done), 0) AS done, ifnull(sum(empty), 0) AS empty, ifnull(sum(failed), 0) AS failed,
      ifnull(sum(passages), 0) AS passages, ifnull(sum(weight), 0) AS weight, ifnull(sum(weight_done), 0) AS weight_done
    FROM tasks WHERE parent = ?`).get(chain))
  const childCounts = (chain: string): Task['childCounts'] => ({ ...ChildCountsSchema.parse(database.prepare(`
    SELECT count(*) AS total, ifnull(sum(state = 'DONE'), 0) AS done, ifnull(sum(state = 'ERROR'), 0) AS error FROM tasks WHERE parent = ?`).get(chain)) })
  const children = (chain: string): Task['children'] =>
    database.prepare('SELECT id, state FROM tasks WHERE parent = ? ORDER BY sequence LIMIT ?').all(chain, SHOWN_CHILDREN).map(row => ChildSchema.parse(row))
  const failures = (id: string): Task['failures'] =>
    database.prepare('SELECT document_id, code FROM failures WHERE task IN (SELECT id FROM tasks WHERE id = ?1 OR parent = ?1) ORDER BY rowid LIMIT ?2')
      .all(id, SHOWN_FAILURES).map(row => FailureSchema.parse(row)).map(row => ({ documentId: row.document_id, code: row.code }))

  const show = (row: TaskRow): Task => {
    const isChain = row.parent === null
    const counts = isChain ? countsOfBatches(row.id) : row
    const running = live(row.parent ?? row.id)
    const waitingFor = row.phase === 'cancelling' ? null : running?.waitsFor(isChain ? undefined : row.id) ?? null
    // Nobody knows how long a dependency stays away; and before and after embedding there is nothing to go by.
    const pace = isChain && row.phase === 'embedding' && waitingFor === null ? running?.pace : undefined
    const embedding = running === undefined ? 0 : isChain ? running.weightInFlight() : running.weightInFlight(row.id)
    return {
      id: row.id,
      name: row.name,
      project: row.project,
      state: row.state,
      phase: waitingFor === null ? row.phase : 'waiting',
      waitingFor,
      progress: progressOf(row, counts, embedding, running?.scanned ?? 0),
      counts: { documents: counts.documents, done: counts.done, empty: counts.empty, failed: counts.failed, passages: counts.passages },
      rate: pace?.documentsPerMinute() ?? null,
      etaSeconds: pace?.etaSeconds(counts.weight - counts.weight_done - embedding) ?? null,
      failures: failures(row.id),
      error: row.error_code === null ? null : { code: row.error_code, detail: row.error_detail ?? ERRORS[row.error_code].why, fix: ERRORS[row.error_code].fix },
      parent: row.parent,
      resumes: row.resumes,
      mode: row.mode,
      createdBy: row.created_by,
      createdAt: row.created_at,
      startedAt: row.started_at,
      completedAt: row.completed_at,
      children: isChain ? children(row.id) : [],
      childCounts: isChain ? childCounts(row.id) : { total: 0, done: 0, error: 0 },
    }
  }

  return {
    show,
    page(projects: readonly ProjectName[], { from, size }: { from: number, size: number }, parent: string | undefined): { tasks: Task[], total: number } {
      const where = `project IN (SELECT value FROM json_each(?)) AND ${parent === undefined ? 'parent IS NULL' : 'parent = ?'}`
      const values: SQLInputValue[] = [JSON.stringify(projects), ...(parent === undefined ? [] : [parent])]
      const order = parent === undefined ? 'DESC' : 'ASC'
      const total = Number(database.prepare(`SELECT count(*) AS total FROM tasks WHERE ${where}`).get(...values)?.['total'])
      const rows = database.prepare(`SELECT * FROM tasks WHERE ${where} ORDER BY sequence ${order} LIMIT ? OFFSET ?`).all(...values, size, from)
      return { tasks: rows.map(row => show(TaskRowSchema.parse(row))), total }
    },
  }
}

function progressOf(row: TaskRow, counts: Counts, embedding: number, scanned: number): number {
  if (row.state === 'DONE') return 1
  const embedded = counts.weight === 0 ? 0 : Math.min(1, (counts.weight_done + embedding) / counts.weight)
  if (row.parent !== null) return embedded
  if (row.planned === 0) return SCANNED * Math.min(1, scanned)
  if (row.phase === 'indexing') return EMBEDDED
  if (row.phase === 'verifying') return INDEXED
  return SCANNED + (EMBEDDED - SCANNED) * embedded
}
