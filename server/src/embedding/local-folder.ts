import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'
import { sha256Of } from './model-files.ts'
import type { EmbeddingModel } from './model.ts'

/** Ids of models have no such characters. */
export const isFolderName = (model: string): boolean => isAbsolute(model) || /[/\\]/.test(model) || model.startsWith('.')

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const inside = (path: string): boolean => !isAbsolute(path) && !path.split(/[/\\]/).includes('..') && path.endsWith('.onnx')

/** similarity.json: what the files of a model do not tell, or tell wrongly. */
const SettingsSchema = z.strictObject({
  id: z.string('a name').regex(ID, 'letters, digits, "." "_" and "-", at most 100').optional(),
  onnx: z.string('a path').refine(inside, 'the path of an .onnx file within the folder').optional(),
  dimensions: z.int('a whole number').min(1, 'at least 1').max(8_192, 'at most 8192').optional(),
  maxTokens: z.int('a whole number').min(1, 'at least 1').max(100_000, 'at most 100000').optional(),
  pooling: z.enum(['mean', 'cls', 'model'], '"mean", "cls" or "model"').optional(),
  prefixes: z.strictObject({ query: z.string('a text'), passage: z.string('a text') }, '{"query": "…", "passage": "…"}').optional(),
  languages: z.array(z.string().regex(/^([a-z]{2,3}|\*)$/, 'codes such as "en", or "*"'), 'a list of codes such as "en", or ["*"]').optional(),
  licence: z.string('a text').optional(),
})
type Settings = z.infer<typeof SettingsSchema>

/** What sentence-transformers writes beside a model; more fields than these are its own affair. */
const ConfigSchema = z.looseObject({ hidden_size: z.int().optional() })
const TokenizerConfigSchema = z.looseObject({ model_max_length: z.number().optional() })
const SentenceSchema = z.looseObject({ max_seq_length: z.int().nullish() })
const ModulesSchema = z.array(z.looseObject({ type: z.string() }))
const PoolingSchema = z.looseObject({})

/** A model without a limit has a huge number here. */
const REAL_LIMIT = 100_000
const KNOWN_STEPS = ['Transformer', 'Pooling', 'Normalize']
const NEEDED = ['config.json', 'tokenizer.json', 'tokenizer_config.json']

/**
 * Describes a folder of the operator's own as a model, by its similarity.json and by what lies beside it.
 * Its revision is made of its files and of what says how to use them: a changed folder is another model.
 * @throws SimilarityError configuration_wrong saying what the folder lacks
 */
export async function describeFolder(folder: string): Promise<EmbeddingModel> {
  const wrong = (reason: string): SimilarityError => new SimilarityError('configuration_wrong', { detail: `The model folder ${folder}: ${reason}` })
  if (!(await stat(folder).catch(() => null))?.isDirectory()) throw wrong('it does not exist.')
  const read = reader(folder, wrong)
  const settings: Settings = await read('similarity.json', SettingsSchema) ?? {}
  for (const name of NEEDED) {
    if (!(await stat(join(folder, name)).catch(() => null))?.isFile()) throw wrong(`it lacks the file ${name}.`)
  }
  const onnx = settings.onnx ?? await findOnnx(folder, wrong)
  const pooling = settings.pooling ?? await findPooling(read, wrong)
  const dimensions = settings.dimensions ?? (await read('config.json', ConfigSchema))?.hidden_size
  if (dimensions === undefined) throw wrong('config.json has no "hidden_size": say "dimensions" in similarity.json.')
  const maxTokens = settings.maxTokens ?? await findMaxTokens(read)
  if (maxTokens === undefined) throw wrong('nothing says how many tokens it reads: say "maxTokens" in similarity.json.')
  const id = settings.id ?? basename(folder)
  if (!ID.test(id)) throw wrong('its name is no id: say "id" in similarity.json.')

  const paths = [...NEEDED, onnx]
  const files = Object.fromEntries(await Promise.all(paths.map(async path => [path, await sha256Of(join(folder, path)).catch(() => { throw wrong(`the file ${path} cannot be read.`) })] as const)))
  const prefixes = settings.prefixes ?? { query: '', passage: '' }
  return {
    id, files, onnx, dimensions, maxTokens, pooling, prefixes,
    revision: `local-${identityOf({ files, dimensions, maxTokens, pooling, prefixes })}`,
    bytes: (await Promise.all(paths.map(path => stat(join(folder, path))))).reduce((sum, { size }) => sum + size, 0),
    repository: null, normalize: true, languages: settings.languages ?? [], licence: settings.licence ?? 'unknown', bundled: false,
  }
}

type Wrong = (reason: string) => SimilarityError
type Read = <T extends z.ZodType>(name: string, schema: T) => Promise<z.output<T> | null>

/** Reads a JSON file of the folder; null where there is none. */
function reader(folder: string, wrong: Wrong): Read {
  return async (name, schema) => {
    const text = await readFile(join(folder, name), 'utf8').catch(() => null)
    if (text === null) return null
    const parsed = schema.safeParse(jsonOf(text))
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw wrong(`${name} is not as it should be: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}.`)
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function findOnnx(folder: string, wrong: Wrong): Promise<string> {
  const names = await Promise.all(['', 'onnx'].map(async (sub) => {
    const entries = await readdir(join(folder, sub)).catch(() => [])
    return entries.filter(name => name.endsWith('.onnx')).map(name => (sub === '' ? name : `${sub}/${name}`))
  }))
  const [only, ...others] = names.flat()
  if (only === undefined) throw wrong('it has no .onnx file, neither in itself nor in its folder "onnx".')
  if (others.length > 0) throw wrong(`it has several .onnx files (${[only, ...others].join(', ')}): say which one is meant, as "onnx" in similarity.json.`)
  return only
}

async function findPooling(read: Read, wrong: Wrong): Promise<EmbeddingModel['pooling']> {
  const steps = (await read('modules.json', ModulesSchema) ?? []).map(({ type }) => type.split('.').at(-1) ?? type)
  const unknown = steps.find(step => !KNOWN_STEPS.includes(step))
  if (unknown !== undefined) throw wrong(`modules.json has the step ${unknown}, which the companion does not do: export the model with all of its steps, and say "pooling": "model" in similarity.json.`)
  const config = await read('1_Pooling/config.json', PoolingSchema)
  if (config === null) throw wrong('nothing says how the vectors of tokens become one: say "pooling" in similarity.json.')
  const modes = Object.keys(config).filter(key => key.startsWith('pooling_mode_') && config[key] === true)
  if (modes.length === 1 && modes[0] === 'pooling_mode_mean_tokens') return 'mean'
  if (modes.length === 1 && modes[0] === 'pooling_mode_cls_token') return 'cls'
  throw wrong(`1_Pooling/config.json asks for ${modes.join(' and ') || 'no pooling'}; the companion does mean and cls.`)
}

async function findMaxTokens(read: Read): Promise<number | undefined> {
  const said = (await read('sentence_bert_config.json', SentenceSchema))?.max_seq_length ?? (await read('tokenizer_config.json', TokenizerConfigSchema))?.model_max_length
  return said === undefined || said > REAL_LIMIT ? undefined : said
}

const identityOf = (all: unknown): string => createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16)
