import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { TASK_NAMES } from '@datashare-similarity/shared'
import type { GrantedProject } from '../../datashare/access.ts'
import type { Records } from '../../store/elasticsearch/records.ts'
import type { FoundByTask, SearchTasks } from '../engine.ts'
import { ProjectColumn } from '../rows.ts'
import type { TemporalClient } from './client.ts'
import { hashOfArgs } from './ledger.ts'
import type { Started } from './start.ts'

/** A search that a companion has allowed: of what is asked only a digest. */
export const SearchRecordSchema = z.object({
  sequence: z.int(), id: z.string(), project: ProjectColumn, created_by: z.string(), args_hash: z.string(),
  /** The run of a workflow that it was given to: no other one does it. */
  run: z.string().nullable(),
})
export type SearchRecord = z.infer<typeof SearchRecordSchema>

/** What the workflow of a search is started with, beside the user: the queries as JSON. */
export const SearchArgsSchema = z.looseObject({ queries: z.string().transform(json => z.array(z.string()).parse(JSON.parse(json))), size: z.int() })

const FoundSchema = z.array(z.array(z.string()))

export function createSearchTasks(records: Records<SearchRecord>, temporal: TemporalClient, start: Started): SearchTasks {
  return {
    async start({ name: project, caller }: GrantedProject, { queries, size }) {
      const id = `${TASK_NAMES.findMostSimilar}-${randomUUID()}`
      const args = { defaultProject: project, project, queries: JSON.stringify(queries), size }
      await records.create(id, { sequence: Date.now(), id, project, created_by: caller.uid, args_hash: hashOfArgs(args), run: null })
      await start(caller, { id, name: TASK_NAMES.findMostSimilar, args })
      return id
    },
    async get({ name, caller }, id) {
      const record = (await records.get(id))?.record
      return record?.project !== name || record.created_by !== caller.uid ? null : foundBy(temporal, id)
    },
  }
}

async function foundBy(temporal: TemporalClient, id: string): Promise<FoundByTask | null> {
  const status = await temporal.status(id)
  if (status === null) return null
  if (status === 'COMPLETED') return { state: 'DONE', documentIds: FoundSchema.parse(JSON.parse(String(await temporal.result(id)))) }
  if (status === 'RUNNING') return { state: 'RUNNING', documentIds: null }
  return { state: status === 'TERMINATED' || status === 'CANCELLED' ? 'CANCELLED' : 'ERROR', documentIds: null }
}
