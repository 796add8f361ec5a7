import type { Embedders } from '../embedding/embedder.ts'
import { foreignTo } from '../embedding/model.ts'
import type { Generation } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'
import type { Scope } from './probe.ts'

type Languages = Pick<Scope, 'languages' | 'foreign'>

/** The languages of a generation's documents, and which of them its model was not made for. */
export type KnownLanguages = (generation: Generation) => Promise<Languages>

/** Counts anew only where a generation has changed: one is made for all that search. */
export function knownLanguages({ store, embedders }: { store: VectorStore, embedders: Embedders }): KnownLanguages {
  const known = new Map<string, { state: string, languages: Promise<Languages> }>()

  const count = async (generation: Generation): Promise<Languages> => {
    const [statistics, models] = await Promise.all([store.statistics(generation), embedders.models()])
    const languages = Object.keys(statistics.languages).toSorted()
    const model = models.find(({ id }) => id === generation.modelId)
    return { languages, foreign: new Set(model === undefined ? [] : foreignTo(model, languages.filter(language => language !== 'UNKNOWN'))) }
  }

  return async (generation) => {
    const state = `${generation.id} ${generation.updatedAt}`
    const before = known.get(generation.project)
    if (before?.state === state) return await before.languages
    const languages = count(generation)
    known.set(generation.project, { state, languages })
    languages.catch(() => known.delete(generation.project))
    return await languages
  }
}
