import { SimilarityError } from '@datashare-similarity/shared'
import { openClient, type ElasticsearchConnection } from '../../datashare/elasticsearch-client.ts'
import { openRecords, type Records } from '../../store/elasticsearch/records.ts'
import { createClusterLedger, TASK_PROPERTIES, TaskRecordSchema, type ClusterLedger } from './ledger.ts'
import { createProjects, PROJECT_PROPERTIES, ProjectRecordSchema, type Projects } from './projects.ts'
import { SearchRecordSchema, type SearchRecord } from './searches.ts'

/** Raised with every change of what the records hold. */
const LAYOUTS = { projects: 1, tasks: 2, searches: 2 } as const

export interface ClusterRecords {
  readonly ledger: ClusterLedger
  readonly projects: Projects
  readonly searches: Records<SearchRecord>
  close(): Promise<void>
}

/** The records that all companions and workers of a cluster share, in small indices beside the vectors. Errors: those of the records. */
export async function openClusterRecords(connection: ElasticsearchConnection): Promise<ClusterRecords> {
  await using opened = new AsyncDisposableStack()
  const client = await openClient(connection)
  opened.defer(() => client.close())
  const closing = new AbortController()
  opened.defer(() => closing.abort(new SimilarityError('shutting_down')))
  const named = <Name extends keyof typeof LAYOUTS>(name: Name) => ({ client, name, layout: LAYOUTS[name], signal: closing.signal })
  const projects = createProjects(await openRecords({ ...named('projects'), properties: PROJECT_PROPERTIES, schema: ProjectRecordSchema }))
  const ledger = createClusterLedger(await openRecords({ ...named('tasks'), properties: TASK_PROPERTIES, schema: TaskRecordSchema }), projects)
  const searches = await openRecords({ ...named('searches'), properties: {}, schema: SearchRecordSchema })
  const parts = opened.move()
  return { ledger, projects, searches, close: () => parts.disposeAsync() }
}
