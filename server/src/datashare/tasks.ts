import { SimilarityError } from '@datashare-similarity/shared'
import type { Caller } from './access.ts'
import { askDatashare, unexpectedAnswer } from './datashare-client.ts'
import { settingsOf } from './facts.ts'

const TIMEOUT = 30_000
const RETRIES = 3

/** Nothing else: what is a list or an object Datashare takes only with the name of its Java class. */
export type TaskArgs = Readonly<Record<string, string | number | boolean | null>>

/** A task as Datashare keeps one: its id is the workflow's, its name the workflow's type, its group the queue. */
export interface DatashareTask {
  readonly id: string
  readonly name: string
  readonly group: string
  readonly args: TaskArgs
}

/** Whether Datashare hands tasks of a group to whoever asks for them in this namespace of Temporal. @throws SimilarityError datashare_unreachable */
export async function runsTasksOfGroups(url: string, namespace: string): Promise<boolean> {
  const { batchQueueType, taskRoutingStrategy, temporalNamespace = namespace } = await settingsOf(url)
  return batchQueueType === 'TEMPORAL' && taskRoutingStrategy === 'GROUP' && temporalNamespace === namespace
}

/** Starts a task as the caller, who then sees it on Datashare's own page. @throws SimilarityError anonymous | project_forbidden | datashare_unreachable */
export async function startTask(url: string, { uid, credentials }: Caller, { id, name, group, args }: DatashareTask): Promise<void> {
  const user = { '@type': 'org.icij.datashare.user.User', 'id': uid }
  const { status } = await askDatashare(url, {
    path: `/api/task/${encodeURIComponent(id)}?group=${encodeURIComponent(group)}`,
    method: 'PUT',
    credentials,
    timeoutMilliseconds: TIMEOUT,
    json: { '@type': 'Task', id, name, 'state': 'CREATED', 'progress': 0, 'createdAt': Date.now(), 'retriesLeft': RETRIES, 'args': { ...args, user } },
  })
  if (status === 401) throw new SimilarityError('anonymous')
  if (status === 403) throw new SimilarityError('project_forbidden', { detail: 'Datashare does not let you start a task.' })
  if (status !== 201) throw unexpectedAnswer(status)
}
