import type { VectorizeMode } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'
import type { EmbeddingModel } from '../embedding/model.ts'
import { FINGERPRINT_RULES } from '../passages/fingerprint.ts'
import { PASSAGE_RULES } from '../passages/passage.ts'
import { STEM_RULES } from '../words/stems.ts'
import type { Generation, Generations } from '../store/generation.ts'
import type { VectorStore } from '../store/store.ts'

/** What of a text is kept, and how. */
const RULES = `${PASSAGE_RULES} ${FINGERPRINT_RULES} ${STEM_RULES}`

/** Whether more can be added to a generation: the same model, cut and fingerprinted by the same rules. */
export const fits = (generation: Generation, model: EmbeddingModel): boolean =>
  generation.modelId === model.id && generation.modelRevision === model.revision && generation.passageRules === RULES

/**
 * The generation that a chain writes into: the current one, in place, or one that is built beside it
 * for a first vectorization, a rebuild, or when the model or the rules have changed.
 * An unfinished one that fits is gone on with, except by a rebuild.
 * @returns null where there is nothing to try again
 */
export async function chooseGeneration(
  { store, generations }: { store: VectorStore, generations: Generations }, project: ProjectName, mode: VectorizeMode, model: EmbeddingModel,
): Promise<Generation | null> {
  const current = await generations.current(project)
  if (current === null && mode === 'failed') return null
  if (current !== null && mode !== 'rebuild' && fits(current, model)) return current
  const building = await generations.building(project)
  if (building !== null && mode !== 'rebuild' && fits(building, model)) return building
  if (building !== null) await dropGeneration({ store, generations }, building)
  return generations.create({ project, modelId: model.id, modelRevision: model.revision, dimensions: model.dimensions, passageRules: RULES })
}

/** The tables first: what is still listed after a crash is dropped again. */
export async function dropGeneration({ store, generations }: { store: VectorStore, generations: Generations }, generation: Generation): Promise<void> {
  await store.drop(generation)
  await generations.remove(generation.id)
}
