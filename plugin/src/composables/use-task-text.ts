import type { Task } from '@datashare-similarity/shared'
import { useText } from './use-text.ts'

const WAITS = ['elasticsearch', 'disk', 'embedder', 'datashare', 'temporal', 'worker'] as const

/** A vectorization in words. */
export function useTaskText() {
  const { t, number, counted, duration, moment, elapsed } = useText()

  function phase(task: Task, isCancelling = task.phase === 'cancelling'): string {
    if (isCancelling) return t('vectorize.phase.cancelling')
    const wait = WAITS.find(dependency => dependency === task.waitingFor)
    return wait ? t(`vectorize.waitingFor.${wait}`) : t(`vectorize.phase.${task.phase ?? 'queued'}`)
  }

  function facts({ counts, rate, etaSeconds }: Task): string {
    return [
      counts.documents > 0 ? t('vectorize.counts', { done: number(counts.done), documents: number(counts.documents) }) : null,
      counts.passages > 0 ? t('vectorize.passages', { count: number(counts.passages) }) : null,
      rate === null ? null : t('vectorize.rate', { rate: number(rate) }),
      etaSeconds === null ? null : t('vectorize.left', { duration: duration(etaSeconds) }),
    ].filter(fact => fact !== null).join(' · ')
  }

  return {
    phase,
    facts,
    mode: ({ mode }: Task) => t(`vectorize.mode.${mode}`),
    startedBy: ({ mode, createdBy, createdAt }: Task) => t('vectorize.startedBy', { mode: t(`vectorize.mode.${mode}`), user: createdBy, moment: moment(createdAt) ?? '' }),
    failed: ({ counts }: Task) => (counts.failed > 0 ? counted('vectorize.failed', counts.failed) : null),
    /** How long a finished one took; null where that is not known. */
    took: ({ startedAt, completedAt }: Task) => (startedAt === null || completedAt === null ? null : elapsed((Date.parse(completedAt) - Date.parse(startedAt)) / 1000)),
  }
}
