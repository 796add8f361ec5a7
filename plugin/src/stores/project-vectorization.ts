import { FINISHED_STATES, type Estimate, type Model, type Project, type Task, type VectorizeMode, type VectorizeRequest } from '@datashare-similarity/shared'
import { computed, reactive, ref, shallowRef } from 'vue'
import type { SimilarityApi } from '../api/client.ts'
import { isCatalogued, toApiError, type ApiError } from '../api/problem.ts'
import type { AsyncStatus, DataState } from './data-state.ts'
import { createPagedList } from './paged-list.ts'
import { createPoll } from './poll.ts'

const POLL_MS = { least: 1_000, most: 4_000 }
const FAILED_AT_ONCE = 10

/** What the companion knows of one project, and what can be done with it. All of it comes from the API, so a refresh loses nothing. */
export type ProjectVectorization = ReturnType<typeof createProjectVectorization>

export function createProjectVectorization(api: SimilarityApi, name: string) {
  const state = ref<DataState>('pending')
  const project = shallowRef<Project | null>(null)
  /** Why the project, or the progress of its task, could not be read just now. */
  const error = shallowRef<ApiError | null>(null)
  const action = ref<AsyncStatus>('idle')
  const actionError = shallowRef<ApiError | null>(null)
  const cancelling = shallowRef<string | null>(null)
  /** The task that ended while somebody was looking. */
  const ended = shallowRef<Task | null>(null)
  const showsDetails = ref(false)

  const task = computed(() => project.value?.task ?? ended.value)
  const running = computed(() => (task.value !== null && !isFinished(task.value) ? task.value : null))
  const isCancelling = computed(() => running.value !== null && (running.value.phase === 'cancelling' || running.value.id === cancelling.value))
  const isComparing = computed(() => project.value?.advice.includes('coverage_pending') ?? false)
  /** Whether the counts are not compared with Datashare, because something could not be asked. */
  const isUnchecked = computed(() => project.value?.advice.some(isCatalogued) ?? false)
  const hasForeignLanguages = computed(() => project.value?.advice.includes('model_language_mismatch') ?? false)
  /** Whether its vectors cannot answer questions by meaning. */
  const isModelUnfit = computed(() => project.value?.advice.some(note => note === 'model_outdated' || note === 'model_not_installed') ?? false)
  const failed = createPagedList(page => api.documents(name, 'failed', page), FAILED_AT_ONCE)
  const poll = createPoll({ ask: askAgain, isNeeded: () => running.value !== null || isComparing.value, pace: POLL_MS })

  let loading: Promise<void> | null = null

  async function load(): Promise<void> {
    try {
      project.value = await api.project(name)
      error.value = null
      state.value = 'success'
    } catch (fault) {
      error.value = toApiError(fault)
      if (project.value === null) state.value = 'error'
    }
    poll.schedule()
  }

  async function retry(): Promise<void> {
    if (project.value === null) state.value = 'pending'
    await load()
  }

  async function askAgain(): Promise<void> {
    if (running.value === null) return load()
    try {
      const fresh = await api.task(running.value.id)
      error.value = null
      setTask(fresh)
      if (isFinished(fresh)) await settle(fresh)
    } catch (fault) {
      error.value = toApiError(fault)
    }
  }

  async function settle(finished: Task): Promise<void> {
    ended.value = finished
    await load()
    if (failed.state !== 'idle') await failed.load(0)
  }

  function setTask(fresh: Task): void {
    if (project.value !== null) project.value = { ...project.value, task: fresh }
  }

  /** Keeps the state fresh until the returned function is called. */
  function follow(): () => void {
    // Several parts of the page may show the project: one question serves them all.
    loading ??= load().finally(() => { loading = null })
    return poll.follow()
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
      plan.dismiss()
      // Somebody else may have been quicker: show what runs now.
      await load()
    }
    action.value = 'idle'
    poll.schedule()
  }

  const plan = createPlan(api, name, project, act)

  const start = () => act(async () => {
    setTask((await api.vectorize(name, plan.request())).task)
    plan.dismiss()
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
    name, state, project, error, action, actionError, task, running, isCancelling, isComparing, isUnchecked, isModelUnfit, hasForeignLanguages, ended, failed, showsDetails, plan: reactive(plan),
    retry, retryAction: () => again(), follow, start, cancel, resume,
  })
}

/** What is about to be started: its mode, its model, and what that would cost. */
function createPlan(api: SimilarityApi, name: string, project: { readonly value: Project | null }, act: (doing: () => Promise<void>) => Promise<void>) {
  const state = ref<DataState>('idle')
  const estimate = shallowRef<Estimate | null>(null)
  const mode = ref<VectorizeMode>('update')
  const models = shallowRef<readonly Model[]>([])
  const chosen = ref<string | null>(null)
  let choices = 0

  const isFirst = computed(() => project.value?.generation === null)
  /** The modes that would do something now. */
  const modes = computed(() => {
    if (project.value === null) return []
    const { missing, stale, failed } = project.value.coverage
    const useful: Record<VectorizeMode, boolean> = { update: isFirst.value || missing + stale > 0, failed: !isFirst.value && failed > 0, rebuild: !isFirst.value }
    return (Object.keys(useful) as VectorizeMode[]).filter(candidate => useful[candidate])
  })
  /** Another model makes other vectors, so it comes in with a first vectorization or a rebuild. */
  const mayChooseModel = computed(() => isFirst.value || mode.value === 'rebuild')
  const model = computed(() => chosen.value ?? project.value?.model.id ?? '')

  const request = (): VectorizeRequest => ({ mode: mode.value, ...(mayChooseModel.value && chosen.value !== null && { model: chosen.value }) })

  const open = (wanted: VectorizeMode, of: string | null = null) => act(async () => {
    const turn = choices += 1
    state.value = 'pending'
    mode.value = wanted
    chosen.value = of
    const [cost, known] = await Promise.all([api.estimate(name, request()), knownModels()])
    // Another choice may have been made meanwhile, or none after all.
    if (turn !== choices) return
    estimate.value = cost
    models.value = known
    state.value = 'success'
  })

  /** Without them the choice is what it is: the project's own model. */
  const knownModels = async (): Promise<readonly Model[]> => models.value.length > 0 ? models.value : api.models().catch(() => [])

  function dismiss(): void {
    choices += 1
    state.value = 'idle'
  }

  return { state, estimate, mode, modes, model, models, mayChooseModel, request, open, dismiss }
}

export function isFinished(task: Task): boolean {
  return FINISHED_STATES.some(state => state === task.state)
}
