import type { Task } from '@datashare-similarity/shared'
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { useApi, type SimilarityApi } from '../api/client.ts'
import { toApiError, type ApiError } from '../api/problem.ts'
import { createPagedList } from './paged-list.ts'
import { createPoll } from './poll.ts'
import { isFinished } from './project-vectorization.ts'
import { useProjectsStore } from './projects.ts'

const AT_ONCE = 20
const POLL_MS = { least: 2_000, most: 5_000 }

export type TaskAction = keyof Pick<SimilarityApi, 'cancel' | 'resume' | 'forget'>

/** The vectorizations of all projects that the reader may see, or of one of them, the latest first. */
export const useTaskListStore = defineStore('similarity-tasks', () => {
  const api = useApi()
  const projects = useProjectsStore()
  const project = ref<string | null>(null)
  const list = createPagedList<Task>(page => api.tasks({ ...page, ...(project.value !== null && { project: project.value }) }), AT_ONCE)
  const poll = createPoll({ ask: () => list.load(), isNeeded: () => list.items.some(task => !isFinished(task)), pace: POLL_MS })
  /** What is being done to a task, and what went wrong with it, by the task's id. */
  const busy = ref<string | null>(null)
  const refused = shallowRef<{ id: string, error: ApiError } | null>(null)

  async function show(of: string | null, from: number): Promise<void> {
    project.value = of
    await list.load(from)
    poll.schedule()
  }

  async function act(action: TaskAction, id: string): Promise<void> {
    busy.value = id
    refused.value = null
    try {
      await api[action](id)
    } catch (fault) {
      refused.value = { id, error: toApiError(fault) }
    }
    await Promise.all([list.load(), projects.load()])
    busy.value = null
    poll.schedule()
  }

  return { list, project, busy, refused, show, act, follow: poll.follow }
})
