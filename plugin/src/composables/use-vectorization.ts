import { computed, onScopeDispose } from 'vue'
import { TASKS_PAGE } from '../host/contract.ts'
import { useCore } from '../host/core.ts'
import { projectLabel, toast, usePlaces } from '../host/places.ts'
import { useVectorizationStore } from '../stores/vectorization.ts'
import { useText } from './use-text.ts'

/** Vectorization of a project, kept fresh while the component is there, with what its reader may do. */
export function useVectorization(name: string) {
  const core = useCore()
  const { t } = useText()
  const { addressOf } = usePlaces()
  const vectorization = useVectorizationStore().of(name)
  onScopeDispose(vectorization.follow())

  const mayAct = computed(() => vectorization.project?.permissions.vectorize ?? false)
  const mayStop = computed(() => mayAct.value && (vectorization.project?.permissions.admin === true || isOwn(vectorization.task?.createdBy)))
  const isOwn = (user: string | undefined) => user === core.config.get('uid')
  const isResumable = computed(() => mayStop.value && vectorization.running === null && (vectorization.task?.state === 'CANCELLED' || vectorization.task?.state === 'ERROR'))
  /** What would help most now, or null where nothing is to be started. */
  const mode = computed(() => (mayAct.value && vectorization.running === null ? vectorization.plan.modes[0] ?? null : null))
  const label = computed(() => {
    if (mode.value === null) return null
    if (vectorization.project?.generation === null) return t('vectorize.start')
    return t(({ update: 'vectorize.update', failed: 'vectorize.retryFailed', rebuild: 'vectorize.rebuild' } as const)[mode.value])
  })

  async function start(): Promise<void> {
    const before = vectorization.task?.id
    await vectorization.start()
    if (vectorization.running === null || vectorization.running.id === before) return
    const href = addressOf({ name: TASKS_PAGE })
    toast(core, t('vectorize.started', { project: projectLabel(core, name) }), href === null ? {} : { href, linkLabel: t('tasks.title') })
  }

  return { vectorization, mayAct, mayStop, isResumable, mode, label, start }
}
