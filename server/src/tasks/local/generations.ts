import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { z } from 'zod'
import { EvaluationSchema } from '@datashare-similarity/shared/contract'
import { CalibrationSchema, type Generation } from '../../store/generation.ts'
import type { EngineGenerations } from '../create-engine.ts'
import { guarded, inTransaction } from './database.ts'
import { GenerationRowSchema } from './rows.ts'

const toGeneration = (row: z.infer<typeof GenerationRowSchema>): Generation => ({
  id: row.id,
  project: row.project,
  modelId: row.model_id,
  modelRevision: row.model_revision,
  dimensions: row.dimensions,
  passageRules: row.passage_rules,
  state: row.state,
  calibration: row.calibration === null ? null : CalibrationSchema.parse(JSON.parse(row.calibration)),
  evaluation: row.evaluation === null ? null : EvaluationSchema.parse(JSON.parse(row.evaluation)),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** The database answers at once; the port is asynchronous for the stores that do not. */
const done = <T>(work: () => T): Promise<T> => new Promise(resolve => resolve(guarded(work)))

/** The generations of the ledger; beside the port, what the engine needs to clean up. */
export interface LedgerGenerations extends EngineGenerations {
  byId(id: string): Generation | null
  retire(id: string): void
  /** Of all projects. */
  retired(): Generation[]
  inUse(): Generation[]
}

export function createGenerations(database: DatabaseSync): LedgerGenerations {
  const now = (): string => new Date().toISOString()
  const select = (where: string, ...values: string[]): Generation[] =>
    database.prepare(`SELECT * FROM generations WHERE ${where} ORDER BY sequence`).all(...values).map(row => toGeneration(GenerationRowSchema.parse(row)))
  const one = (where: string, ...values: string[]): Generation | null => select(where, ...values)[0] ?? null
  const update = (set: string, ...values: (string | number)[]): void => {
    database.prepare(`UPDATE generations SET ${set} WHERE id = ?`).run(...values)
  }

  const create = (spec: Parameters<LedgerGenerations['create']>[0]): Generation => {
    const id = randomUUID()
    const at = now()
    database.prepare(`INSERT INTO generations (id, project, model_id, model_revision, dimensions, passage_rules, state, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, 'building', ?, ?)`).run(id, spec.project, spec.modelId, spec.modelRevision, spec.dimensions, spec.passageRules, at, at)
    return { ...spec, id, state: 'building', calibration: null, evaluation: null, createdAt: at, updatedAt: at }
  }
  const makeCurrent = (id: string): void => inTransaction(database, () => {
    if (one('id = ?', id)?.state === 'retired') return
    database.prepare(`UPDATE generations SET state = 'retired', updated_at = ?
      WHERE state = 'current' AND id <> ? AND project = (SELECT project FROM generations WHERE id = ?)`).run(now(), id, id)
    database.prepare('UPDATE generations SET state = \'current\', updated_at = ? WHERE id = ? AND state <> \'current\'').run(now(), id)
  })

  return {
    current: project => Promise.resolve(one('project = ? AND state = \'current\'', project)),
    building: project => Promise.resolve(one('project = ? AND state = \'building\'', project)),
    all: project => Promise.resolve(select('project = ?', project)),
    create: spec => done(() => create(spec)),
    makeCurrent: id => done(() => makeCurrent(id)),
    calibrate: (id, calibration) => done(() => update('calibration = ?', JSON.stringify(calibration), id)),
    evaluate: (id, evaluation) => done(() => update('evaluation = ?', JSON.stringify(evaluation), id)),
    touch: id => done(() => update('updated_at = ?, evaluation = NULL', now(), id)),
    remove: id => done(() => void database.prepare('DELETE FROM generations WHERE id = ?').run(id)),
    byId: id => one('id = ?', id),
    retire: id => guarded(() => update('state = \'retired\', updated_at = ?', now(), id)),
    retired: () => select('state = \'retired\''),
    inUse: () => select('state <> \'retired\''),
  }
}
