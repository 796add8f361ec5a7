import { SimilarityError } from '@datashare-similarity/shared'
import { openCatalogue } from '../../embedding/catalogue.ts'
import { verifyModel } from '../../embedding/model-files.ts'
import { inspectLedger } from '../../tasks/local/database.ts'
import { modelsDirOf, type Config } from '../config.ts'
import { demandRights, demandSameStore, existingFolder, freeBytes, isShared } from '../data-folder.ts'
import { fine, lesser, failed, warning, type Finding } from './finding.ts'

/** Too little for the next write of any size. */
const FULL_BYTES = 20e6
const LOW_BYTES = 1e9

export const checkNode = (): Finding => fine('node', `Node.js ${process.version} on ${process.platform} ${process.arch}`)

/** @throws SimilarityError store_unreadable | configuration_wrong where its projects are in another store */
export async function checkDataFolder({ dataDir, store }: Config): Promise<Finding> {
  const folder = await existingFolder(dataDir)
  await demandRights(folder)
  if (folder !== dataDir) return fine('data_folder', `${dataDir} is not there yet, and can be made in ${folder}.`)
  await demandSameStore({ dataDir, store })
  return await isShared(dataDir) ? warning('data_folder', 'data_folder_open', dataDir) : fine('data_folder', `${dataDir} can be read and written.`)
}

/** @throws SimilarityError disk_full */
export async function checkDisk({ dataDir }: Config): Promise<Finding> {
  const free = await freeBytes(await existingFolder(dataDir))
  const detail = `${(free / 1e9).toFixed(1)} GB are free on the disk of the data folder.`
  if (free < FULL_BYTES) throw new SimilarityError('disk_full', { detail })
  return free < LOW_BYTES ? warning('disk', 'disk_low', detail) : fine('disk', detail)
}

/** @throws SimilarityError store_unreadable | data_folder_newer */
export function checkLedger({ dataDir }: Config): Finding {
  const ledger = inspectLedger(dataDir)
  if (ledger === null) return fine('ledger', 'There is no task ledger yet.')
  const { version, upTo } = ledger
  return fine('ledger', version === upTo ? `The task ledger has version ${version}, as it should.` : `The task ledger has version ${version}; the next start brings it to version ${upTo}.`)
}

/** Reads every byte of the model's files. @throws SimilarityError model_unknown | model_tampered | model_refused | configuration_wrong */
export async function checkModel({ dataDir, model: defaultModel }: Config): Promise<Finding> {
  const { defaultModel: model, find } = await openCatalogue({ defaultModel, modelsDir: modelsDirOf(dataDir) })
  const { folder } = find(model.id)
  try {
    await verifyModel(model, folder)
    return fine('model', `The files of ${model.id} are in ${folder}${model.repository === null && !model.bundled ? '' : ', and are the pinned ones'}.`)
  } catch (error) {
    // The companion starts without it, and searches by words.
    if (error instanceof SimilarityError && error.code === 'model_missing') return lesser(failed('model', error))
    throw error
  }
}
