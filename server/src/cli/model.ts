import * as http from 'node:http'
import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { SimilarityError } from '@datashare-similarity/shared'
import { modelsDirOf, readConfig } from '../app/config.ts'
import { openCatalogue, type Catalogue } from '../embedding/catalogue.ts'
import { describeFolder, isFolderName } from '../embedding/local-folder.ts'
import { verifyModel } from '../embedding/model-files.ts'
import type { EmbeddingModel } from '../embedding/model.ts'
import { pullModel } from '../embedding/pull.ts'
import type { Env } from './connect.ts'
import { createOutput } from './output.ts'

interface Flags { json?: boolean }

/** The files of models on this machine: no companion is asked, so that a model can be brought before one starts. */
export function addModel(program: Command, env: Env): void {
  const model = program.command('model').description('the models that texts are compared with')
  model.command('list')
    .description('what can be chosen, what is installed, and whether its files are the pinned ones')
    .addOption(new Option('--json', 'print JSON'))
    .action(async (flags: Flags) => {
      const output = createOutput(flags.json === true)
      const listed = await list(await catalogueOf(env))
      if (output.json) output.line(JSON.stringify(listed))
      else table(listed).forEach(line => output.line(line))
    })
  model.command('pull <id>')
    .description('download a model into the data folder, and check it')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', `
Examples:
  $ datashare-similarity model pull multilingual-e5-small
  $ HF_ENDPOINT=https://mirror.example.org datashare-similarity model pull multilingual-e5-small
Then choose it: datashare-similarity vectorize <project> --rebuild --model multilingual-e5-small`)
    .action((id: string, flags: Flags) => pull(env, id, flags))
}

/** A folder is made known to the companion that this command starts itself; one that runs already knows its own folder, by its id. */
export async function withModel(env: Env, model: string | undefined): Promise<{ env: Env, model: string | undefined }> {
  if (model === undefined || !isFolderName(model)) return { env, model }
  const folder = resolve(model)
  return { env: { ...env, SIMILARITY_MODEL: folder }, model: (await describeFolder(folder)).id }
}

async function catalogueOf(env: Env): Promise<Catalogue> {
  const { dataDir, model } = readConfig(env)
  return await openCatalogue({ defaultModel: model, modelsDir: modelsDirOf(dataDir) })
}

interface Listed extends Pick<EmbeddingModel, 'id' | 'languages' | 'dimensions' | 'bytes' | 'licence'> {
  readonly installed: boolean
  /** Whether a first vectorization takes it. */
  readonly inUse: boolean
  /** Whether its files, read just now, are the pinned ones; null where there are none, or nothing to compare them with. */
  readonly verified: boolean | null
  readonly folder: string
}

const list = ({ entries, defaultModel }: Catalogue): Promise<Listed[]> => Promise.all(entries.map(async ({ model, folder }) => {
  const { id, languages, dimensions, bytes, licence } = model
  return { id, languages, dimensions, bytes, licence, ...await stateOf(model, folder), inUse: id === defaultModel.id, folder }
}))

async function stateOf(model: EmbeddingModel, folder: string): Promise<Pick<Listed, 'installed' | 'verified'>> {
  const isOwn = !model.bundled && model.repository === null
  try {
    await verifyModel(model, folder)
    return { installed: true, verified: isOwn ? null : true }
  } catch (error) {
    if (!(error instanceof SimilarityError)) throw error
    return error.code === 'model_missing' ? { installed: false, verified: null } : { installed: true, verified: false }
  }
}

const HEADINGS = ['model', 'languages', 'dimensions', 'size', 'licence', 'installed', 'verified', 'in use']

function table(models: readonly Listed[]): string[] {
  const rows = models.map(model => [
    model.id, languagesOf(model.languages), String(model.dimensions), `${Math.ceil(model.bytes / 1e6)} MB`, model.licence,
    model.installed ? 'yes' : 'no', model.verified === null ? '–' : model.verified ? 'yes' : 'NO', model.inUse ? 'yes' : '',
  ])
  const lines = [HEADINGS, ...rows]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map(cells => cells[column]?.length ?? 0)))
  return lines.map(cells => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd())
}

const languagesOf = (languages: readonly string[]): string => languages.length === 0 ? 'unknown' : languages.map(code => code === '*' ? 'many' : code).join(', ')

async function pull(env: Env, id: string, flags: Flags): Promise<void> {
  const { modelHub } = readConfig(env)
  const { model, folder } = (await catalogueOf(withoutModel(env))).find(id)
  const output = createOutput(flags.json === true)
  // Finer steps would fill a log
  const step = process.stdout.isTTY ? 1 : 10
  const onProgress = (received: number, total: number): void => {
    const percent = Math.floor(received / total * 100 / step) * step
    if (!output.json) output.progress(`${id}: ${percent} % of ${Math.ceil(total / 1e6)} MB`)
  }
  useProxy(env)
  const stop = new AbortController()
  const onSignal = (): void => stop.abort(new SimilarityError('model_download_failed', { detail: 'The download was stopped.' }))
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    const downloaded = await pullModel({ model, folder, hub: { url: modelHub, signal: stop.signal }, onProgress })
    output.endProgress()
    if (output.json) output.line(JSON.stringify({ id, revision: model.revision, folder, downloaded }))
    else output.line(`${id}: ${downloaded ? 'installed' : 'was installed already'}, and its files are the pinned ones (${folder})`)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

/** A default model that is out of order does not matter here: it may be the one that is to be pulled. */
const withoutModel = (env: Env): Env => Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'SIMILARITY_MODEL'))

/** For this process alone: a running companion talks to Datashare, and never through a proxy. @throws SimilarityError configuration_wrong where Node is too old for it */
function useProxy(env: Env): void {
  const named = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find(name => env[name] !== undefined)
  if (named === undefined) return
  if (!('setGlobalProxyFromEnv' in http)) throw new SimilarityError('configuration_wrong', { detail: `${named}: a proxy needs Node.js 24.14 or later; this is ${process.version}.` })
  http.setGlobalProxyFromEnv(env)
}
