import { join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import { describeFolder, isFolderName } from './local-folder.ts'
import { hasFiles } from './model-files.ts'
import type { EmbeddingModel } from './model.ts'
import { BUNDLED_MODELS_DIR, modelOf, REGISTRY } from './registry.ts'

export interface CatalogueOptions {
  /** The model for a first vectorization: an id, or the path of a folder of the operator's own. */
  readonly defaultModel: string
  /** Where pulled models lie, where it is another folder than that of the bundled ones. */
  readonly modelsDir?: string
  /** Folder of the models that come with the package, where it is another. */
  readonly bundledDir?: string
  /** The models that can be chosen, where they are others. */
  readonly registry?: readonly EmbeddingModel[]
}

interface Entry {
  readonly model: EmbeddingModel
  readonly folder: string
}

/** What can be chosen on this machine, and where its files belong. */
export interface Catalogue {
  readonly defaultModel: EmbeddingModel
  readonly entries: readonly Entry[]
  /** @throws SimilarityError model_unknown */
  readonly find: (id: string) => Entry
  /** Files are looked for, not read. */
  readonly list: () => Promise<(EmbeddingModel & { installed: boolean })[]>
}

/**
 * The registry, and the operator's own folder where one is named: nothing that a request says leads to a path.
 * @throws SimilarityError model_unknown | configuration_wrong for a folder that cannot be used as a model
 */
export async function openCatalogue({ defaultModel, bundledDir = BUNDLED_MODELS_DIR, modelsDir = bundledDir, registry = REGISTRY }: CatalogueOptions): Promise<Catalogue> {
  const own = isFolderName(defaultModel) ? await describeFolder(defaultModel) : null
  if (registry.some(({ id }) => id === own?.id)) {
    throw new SimilarityError('configuration_wrong', { detail: `The model folder ${defaultModel}: another model has the id ${own?.id}. Give this one an id of its own in its similarity.json.` })
  }
  const models = own === null ? registry : [...registry, own]
  const entryOf = (model: EmbeddingModel): Entry => ({ model, folder: model === own ? defaultModel : join(model.bundled ? bundledDir : modelsDir, model.id) })
  const entries = models.map(entryOf)
  return {
    defaultModel: own ?? modelOf(defaultModel, models),
    entries,
    find: id => entryOf(modelOf(id, models)),
    list: () => Promise.all(entries.map(async ({ model, folder }) => ({ ...model, installed: await hasFiles(model, folder) }))),
  }
}
