import type { Project, Task } from '@datashare-similarity/shared'
import { languageCode } from './format.ts'

export type ProjectState = 'none' | 'running' | 'new' | 'failed' | 'ready'

/** How a project stands, in a word: what matters most of it. */
export function stateOf({ generation, coverage }: Project, running: Task | null): ProjectState {
  if (running !== null) return 'running'
  if (generation === null) return 'none'
  if (coverage.missing + coverage.stale > 0) return 'new'
  return coverage.failed > 0 ? 'failed' : 'ready'
}

/** Documents by whether the project's model reads their language; those of unknown language count as neither. */
export function modelFit({ languages, model }: Project): { misfits: [string, number][], unknown: number } {
  const isKnown = (name: string) => name !== '' && name !== 'UNKNOWN'
  const reads = (name: string) => model.languages.includes('*') || model.languages.includes(languageCode(name) ?? '')
  const byCount = Object.entries(languages).sort(([, one], [, other]) => other - one)
  return {
    misfits: byCount.filter(([name]) => isKnown(name) && !reads(name)),
    unknown: byCount.reduce((sum, [name, count]) => (isKnown(name) ? sum : sum + count), 0),
  }
}
