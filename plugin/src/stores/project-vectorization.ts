import { FINISHED_STATES, type Estimate, type Project, type Task } from '@datashare-similarity/shared'
import { computed, reactive, ref, shallowRef } from 'vue'
import type { SimilarityApi } from '../api/client.ts'
import { toApiError, type ApiError } from '../api/problem.ts'
import type { AsyncStatus, DataState } from './data-state.ts'

/** Between two polls of a running task: as Datashare's own client, with jitter. */
const POLL_MS = { least: 1_000, most: 4_000 }

/** What the companion knows of one project, and what can be done with it. All of it comes from the API, so a refresh loses nothing. */
export type ProjectVectorization = ReturnType<typeof createProjectVectorization>

export function createProjectVectorization(api: SimilarityApi, name: string) {
  const state = ref<DataState>('pending')
  const project = shallowRef<Project | null>(null)
  /** Why the project, or the progress of its task, could not be read just now. */
  const error = shallowRef<ApiError | null>(null)
  const estimate = shallowRef<Estimate | null>(null)
  const estimateState = ref<DataState>('idle')
  const action = ref<AsyncStatus>('idle')
  const actionError = shallowRef<ApiError | null>(null)
  const cancelling = shallowRef<string | null>(null)
  /** The task that ended while somebody was looking. */
  const ended = shallowRef<Task | null>(null)
  let watchers = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const task = computed(() => project.value?.task ?? ended.value)
  const running = computed(() => (task.value !== null && !isFinished(task.value) ? task.value : null))
  const isCancelling = computed(() => running.value !== null && (running.value.phase === 'cancelling' || running.value.id === cancelling.value))

  async function load(): Promise<void> {
    try {
      project.value = await api.project(name)
      error.value = null
      state.value = 'success'
    } catch (fault) {
      error.value = toApiError(fault)
      if (project.value === null) state.value = 'error'
    }
    schedule()
  }

  async function retry(): Promise<void> {
    if (project.value === null) state.value = 'pending'
    await load()
  }

  async function poll(): Promise<void> {
    if (running.value === null) return
    try {
      const fresh = await api.task(running.value.id)
      error.value = null
      setTask(fresh)
      if (isFinished(fresh)) {
        ended.value = fresh
        await load()
      }
    } catch (fault) {
      error.value = toApiError(fault)
    }
    schedule()
  }

  function setTask(fresh: Task): void {
    if (project.value !== null) project.value = { ...project.value, task: fresh }
  }

  function schedule(): void {
    clearTimeout(timer)
    if (watchers > 0 && running.value !== null) timer = setTimeout(() => void poll(), POLL_MS.least + Math.random() * (POLL_MS.most - POLL_MS.least))
  }

  /** Keeps the state fresh until the returned function is called. */
  function follow(): () => void {
    watchers += 1
    void load()
    return () => {
      watchers -= 1
      if (watchers === 0) clearTimeout(timer)
    }
  }

  let again: () => Promise<void> = load

  async function act(doing: () => Promise<void>): Promise<void> {
    again = () => act(doing)
    action.value = 'loading'
    actionError.value = null
    try {
      await doing()
    } catch (fault) {
      actionError.value = toApiError(fault)
      estimateState.value = 'idle'
      // Somebody else may have been quicker: show what runs now.
      await load()
    }
    action.value = 'idle'
    schedule()
  }

  const askEstimate = () => act(async () => {
    estimateState.value = 'pending'
    estimate.value = await api.estimate(name)
    estimateState.value = 'success'
  })

  function dismissEstimate(): void {
    estimateState.value = 'idle'
  }

  const start = () => act(async () => {
    const started = await api.vectorize(name, { mode: 'update' })
    dismissEstimate()
    setTask(started.task)
  })

  const cancel = () => act(async () => {
    if (running.value === null) return
    await api.cancel(running.value.id)
    cancelling.value = running.value.id
  })

  const resume = () => act(async () => {
    if (task.value !== null) setTask((await api.resume(task.value.id)).task)
  })

  return reactive({
    name, state, project, error, estimate, estimateState, action, actionError, task, running, isCancelling, ended,
    retry, retryAction: () => again(), follow, askEstimate, dismissEstimate, start, cancel, resume,
  })
}

function isFinished(task: Task): boolean {
  return FINISHED_STATES.some(state => state === task.state)
}
