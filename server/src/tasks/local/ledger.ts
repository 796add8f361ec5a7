import { randomUUID } from 'node:crypto'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { SimilarityError, TASK_NAMES, type ErrorCode, type TaskPhase, type TaskState } from '@datashare-similarity/shared'
import type { ProjectName } from '../../datashare/access.ts'
import type { DocumentRef } from '../../datashare/source.ts'
import { EMPTY_OUTCOME, weigh, type BatchOutcome } from '../../vectorize/outcome.ts'
import { guarded, inTransaction } from './database.ts'
import { BatchArgsSchema, ChainArgsSchema, TaskRowSchema, type ChainArgs, type ChainSpec, type TaskRow } from '../rows.ts'

const COLUMNS = Object.keys(TaskRowSchema.shape).join(', ')

export interface TaskChange {
  readonly state?: TaskState
  readonly phase?: TaskPhase | null
  readonly generation?: string
  readonly planned?: 1
  readonly started_at?: string
  readonly completed_at?: string
  readonly error_code?: ErrorCode
  readonly error_detail?: string
}

/** The rows of tasks: the record that outlives the process. Holds ids, counts and codes only. Errors: SimilarityError disk_full | store_unreadable. */
export type Ledger = ReturnType<typeof createLedger>

export function createLedger(database: DatabaseSync) {
  const run = (sql: string, ...values: SQLInputValue[]): void => {
    guarded(() => database.prepare(sql).run(...values))
  }
  const rows = (where: string, ...values: SQLInputValue[]): TaskRow[] =>
    database.prepare(`SELECT ${COLUMNS} FROM tasks WHERE ${where}`).all(...values).map(row => TaskRowSchema.parse(row))
  const argsOf = (id: string): unknown => JSON.parse(String(database.prepare('SELECT args FROM tasks WHERE id = ?').get(id)?.['args']))
  const insert = (row: Record<string, SQLInputValue>): void => {
    const names = Object.keys(row)
    run(`INSERT INTO tasks (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, ...Object.values(row))
  }
  const get = (id: string): TaskRow | null => rows('id = ?', id)[0] ?? null
  const change = (id: string, changes: TaskChange): void => {
    run(`UPDATE tasks SET ${Object.keys(changes).map(name => `${name} = ?`).join(', ')} WHERE id = ?`, ...Object.values<SQLInputValue>({ ...changes }), id)
  }

  const runningChain = (project: ProjectName): TaskRow | null =>
    rows('parent IS NULL AND project = ? AND state IN (\'CREATED\', \'QUEUED\', \'RUNNING\')', project)[0] ?? null
  const refuseWhileRunning = (project: ProjectName): void => {
    const running = runningChain(project)
    if (running !== null) throw new SimilarityError('chain_running', { taskId: running.id })
  }

  return {
    get,
    change,

    /** @throws SimilarityError chain_running */
    addChain({ project, mode, args, createdBy, resumes }: ChainSpec): TaskRow {
      refuseWhileRunning(project)
      const id = `${TASK_NAMES.createVectorizationTasks}-${randomUUID()}`
      insert({
        id, name: TASK_NAMES.createVectorizationTasks, project, state: 'QUEUED', mode, args: JSON.stringify(args), created_by: createdBy,
        created_at: new Date().toISOString(), resumes: resumes?.id ?? null, generation: resumes?.generation ?? null,
      })
      return existing(get(id))
    },

    addBatch(chain: TaskRow, documents: readonly DocumentRef[]): void {
      const id = `${TASK_NAMES.vectorizeDocs}-${randomUUID()}`
      insert({
        id, name: TASK_NAMES.vectorizeDocs, project: chain.project, parent: chain.id, state: 'QUEUED', mode: chain.mode,
        args: JSON.stringify({ documents }), created_by: chain.created_by, created_at: new Date().toISOString(),
        documents: documents.length, weight: documents.reduce((sum, document) => sum + weigh(document), 0),
      })
    },

    chainArgs: (id: string): ChainArgs => ChainArgsSchema.parse(argsOf(id)),
    batchDocuments: (id: string): DocumentRef[] => BatchArgsSchema.parse(argsOf(id)).documents,

    /** In order, and as each is when it is read: a project of millions has tens of thousands. */
    * unfinishedBatches(chain: string): Generator<TaskRow> {
      let after = 0
      for (;;) {
        const [next] = rows('parent = ? AND sequence > ? AND state IN (\'QUEUED\', \'RUNNING\') ORDER BY sequence LIMIT 1', chain, after)
        if (next === undefined) return
        yield next
        after = next.sequence
      }
    },
    dropBatches: (chain: string): void => run('DELETE FROM tasks WHERE parent = ?', chain),
    endUnfinishedBatches(chain: string, state: TaskState): void {
      run('UPDATE tasks SET state = ?, completed_at = ? WHERE parent = ? AND state IN (\'QUEUED\', \'RUNNING\')', state, new Date().toISOString(), chain)
    },

    unfinishedChains: (): TaskRow[] => rows('parent IS NULL AND state IN (\'CREATED\', \'QUEUED\', \'RUNNING\') ORDER BY sequence'),
    chainsByState: (): Record<string, number> =>
      Object.fromEntries(database.prepare('SELECT state, count(*) AS chains FROM tasks WHERE parent IS NULL GROUP BY state').all().map(({ state, chains }) => [String(state), Number(chains)])),
    latestChain: (project: ProjectName): TaskRow | null => rows('parent IS NULL AND project = ? ORDER BY sequence DESC LIMIT 1', project)[0] ?? null,
    runningChain,

    /** Adds what a batch has done since its last report: with the store's commit before, a crash between the two is made good by `setOutcome`. */
    addOutcome: (id: string, outcome: BatchOutcome): void => inTransaction(database, () => writeOutcome(run, id, outcome)),
    /** Puts a batch's counts to what the store holds of it. */
    setOutcome: (id: string, outcome: BatchOutcome): void => inTransaction(database, () => {
      const documents = BatchArgsSchema.parse(argsOf(id)).documents.length
      run('UPDATE tasks SET state = \'QUEUED\', documents = ?, done = 0, empty = 0, failed = 0, passages = 0, weight_done = 0 WHERE id = ?', documents, id)
      run('DELETE FROM failures WHERE task = ?', id)
      writeOutcome(run, id, outcome)
    }),

    /** The task that has resumed this one, or one of those that did, and has not failed or been cancelled itself. */
    unfailedHeir: (id: string): TaskRow | null => rows(`state NOT IN ('CANCELLED', 'ERROR') AND id IN (
      WITH RECURSIVE heirs(id) AS (SELECT id FROM tasks WHERE resumes = ? UNION SELECT tasks.id FROM tasks JOIN heirs ON tasks.resumes = heirs.id) SELECT id FROM heirs)`, id)[0] ?? null,

    forget: (id: string): void => run('DELETE FROM tasks WHERE id = ?', id),

    /** @throws SimilarityError chain_running */
    retireAll(project: ProjectName): void {
      refuseWhileRunning(project)
      run('UPDATE generations SET state = \'retired\', updated_at = ? WHERE project = ?', new Date().toISOString(), project)
    },

    rate(modelId: string): number | null {
      const rate = database.prepare('SELECT characters_per_second AS rate FROM rates WHERE model_id = ?').get(modelId)?.['rate']
      return typeof rate === 'number' ? rate : null
    },
    setRate: (modelId: string, charactersPerSecond: number): void =>
      run('INSERT INTO rates VALUES (?, ?) ON CONFLICT (model_id) DO UPDATE SET characters_per_second = excluded.characters_per_second', modelId, charactersPerSecond),
  }
}

function writeOutcome(run: (sql: string, ...values: SQLInputValue[]) => void, id: string, outcome: BatchOutcome): void {
  const { done, empty, gone, passages, weight, failures } = { ...EMPTY_OUTCOME, ...outcome }
  run(`UPDATE tasks SET documents = documents - ?, done = done + ?, empty = empty + ?, failed = failed + ?, passages = passages + ?, weight_done = weight_done + ? WHERE id = ?`,
    gone, done, empty, failures.length, passages, weight, id)
  for (const { documentId, code } of failures) run('INSERT OR REPLACE INTO failures VALUES (?, ?, ?)', id, documentId, code)
}

function existing(row: TaskRow | null): TaskRow {
  if (row === null) throw new Error('a task that was just written is not there')
  return row
}
