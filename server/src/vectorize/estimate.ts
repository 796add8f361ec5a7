import { availableParallelism } from 'node:os'
import { SimilarityError, type Estimate, type VectorizeMode } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'
import type { Embedders } from '../embedding/embedder.ts'
import type { Generations } from '../store/generation.ts'
import type { ProjectCoverage, Workload } from './coverage.ts'

/** Characters that one core embeds in a second with a small model: on a slow, and on a fast machine. */
const SLOW = 12_000
const FAST = 60_000
/** The windows of passages overlap, so each adds about this many new characters. */
const PASSAGE_STRIDE = 800
const PASSAGE_TEXT_BYTES = 1_200
/** Of each dimension: half precision, in the table and once more in the index. */
const DIMENSION_BYTES = 4
/** The list of words over whole documents, and the rows. */
const BYTES_PER_CHARACTER = 1.5
const BYTES_PER_DOCUMENT = 1_000

export interface EstimateOptions {
  readonly coverage: (project: ProjectName) => Promise<ProjectCoverage>
  readonly generations: Generations
  readonly embedders: Embedders
  /** Characters a second, measured by earlier chains with this model; null where there were none. */
  readonly measuredRate: (modelId: string) => Promise<number | null>
}

/**
 * What vectorizing a project would cost now. Another model than the project's comes in by a rebuild only.
 * Errors: those of the coverage, and SimilarityError model_unknown.
 */
export const createEstimate = ({ coverage, generations, embedders, measuredRate }: EstimateOptions) =>
  async (project: ProjectName, { mode, model }: { mode: VectorizeMode, model?: string | undefined }): Promise<Estimate> => {
    const [{ todo }, generation, models] = await Promise.all([coverage(project), generations.current(project), embedders.models()])
    const modelId = model ?? generation?.modelId ?? embedders.defaultModel.id
    const known = models.find(({ id }) => id === modelId)
    if (model !== undefined && known === undefined) throw new SimilarityError('model_unknown')
    return estimateOf(todo[mode], known?.dimensions ?? embedders.defaultModel.dimensions, await measuredRate(modelId))
  }

/** @param rate characters a second, null where unknown */
export function estimateOf({ documents, characters }: Workload, dimensions: number, rate: number | null): Estimate {
  const passages = Math.ceil(characters / PASSAGE_STRIDE)
  const cores = availableParallelism()
  const [low, high] = rate === null ? [characters / (FAST * cores), characters / (SLOW * cores)] : [characters / rate * 0.8, characters / rate * 1.4]
  return {
    documents,
    characters,
    etaSeconds: [Math.floor(low), Math.ceil(high)],
    bytes: Math.round(passages * (dimensions * DIMENSION_BYTES + PASSAGE_TEXT_BYTES) + characters * BYTES_PER_CHARACTER + documents * BYTES_PER_DOCUMENT),
  }
}
