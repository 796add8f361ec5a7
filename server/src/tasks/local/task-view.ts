import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Task } from '@datashare-similarity/shared'
import type { EngineView } from '../create-engine.ts'
import { CountsSchema, TaskRowSchema, type Counts, type TaskRow } from '../rows.ts'
import { SHOWN_CHILDREN, SHOWN_FAILURES, toTask } from '../task-view.ts'
import type { LiveChain } from './live.ts'
import { ChildCountsSchema, ChildSchema, FailureSchema } from './rows.ts'

/** Tasks of the ledger, with what a running chain knows beyond its rows. */
export function createTaskView(database: DatabaseSync, live: (chain: string) => LiveChain | undefined): EngineView {
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
    const waitingFor = running?.waitsFor(isChain ? undefined : row.id) ?? null
    // Nobody knows how long a dependency stays away; and before and after embedding there is nothing to go by.
    const pace = isChain && row.phase === 'embedding' && waitingFor === null ? running?.pace : undefined
    const weightInFlight = running === undefined ? 0 : isChain ? running.weightInFlight() : running.weightInFlight(row.id)
    return toTask(row, {
      counts,
      children: isChain ? children(row.id) : [],
      childCounts: isChain ? childCounts(row.id) : { total: 0, done: 0, error: 0 },
      failures: failures(row.id),
      scanned: running?.scanned ?? 0,
      weightInFlight,
      waitingFor,
      rate: pace?.documentsPerMinute() ?? null,
      etaSeconds: pace?.etaSeconds(counts.weight - counts.weight_done - weightInFlight) ?? null,
    })
  }

  return {
    show,
    page(projects, { from, size }, parent) {
      const where = `project IN (SELECT value FROM json_each(?)) AND ${parent === undefined ? 'parent IS NULL' : 'parent = ?'}`
      const values: SQLInputValue[] = [JSON.stringify(projects), ...(parent === undefined ? [] : [parent])]
      const order = parent === undefined ? 'DESC' : 'ASC'
      const total = Number(database.prepare(`SELECT count(*) AS total FROM tasks WHERE ${where}`).get(...values)?.['total'])
      const rows = database.prepare(`SELECT * FROM tasks WHERE ${where} ORDER BY sequence ${order} LIMIT ? OFFSET ?`).all(...values, size, from)
      return { tasks: rows.map(row => show(TaskRowSchema.parse(row))), total }
    },
  }
}
