import type { Caller } from '../../datashare/access.ts'
import { runsTasksOfGroups, startTask, type TaskArgs } from '../../datashare/tasks.ts'
import type { TemporalClient } from './client.ts'
import { TASK_QUEUE } from './names.ts'

export interface NewTask {
  readonly id: string
  /** The workflow's type. */
  readonly name: string
  readonly args: TaskArgs
}

/** Starts a task as a caller. @throws SimilarityError temporal_unreachable | datashare_unreachable | anonymous | project_forbidden */
export type Started = (caller: Caller, task: NewTask) => Promise<void>

/** On Datashare's own page of tasks where it can stand there, else in Temporal only. */
export const starting = (temporal: TemporalClient, datashareUrl: string, namespace: string): Started => async (caller, { id, name, args }) => {
  if (await runsTasksOfGroups(datashareUrl, namespace)) await startTask(datashareUrl, caller, { id, name, group: TASK_QUEUE, args })
  else await temporal.start(id, name, { ...args, user: { id: caller.uid } })
}
