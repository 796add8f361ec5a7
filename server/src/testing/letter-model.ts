import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { onnxModel, TYPES, type Graph } from './onnx.ts'

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz')
const SPECIALS = ['[UNK]', '[CLS]', '[SEP]']
const VOCABULARY = [...SPECIALS, ...LETTERS, ...LETTERS.map(letter => `##${letter}`)]

/** One axis for each letter, and one each for the opening and the closing token. */
export const LETTER_DIMENSIONS = LETTERS.length + 2

/** The axis of a letter, "[CLS]" or "[SEP]". */
export const axisOf = (token: string): number => token === '[CLS]' ? LETTERS.length : token === '[SEP]' ? LETTERS.length + 1 : LETTERS.indexOf(token)

export interface LetterModel {
  readonly output?: 'last_hidden_state' | 'token_embeddings' | 'sentence_embedding'
  readonly numbers?: 'float32' | 'float16'
  /** Wants token_type_ids too; those of another text than the first would move it to the axis of "z". */
  readonly withTokenTypes?: boolean
  /** Path of the model file in the folder. */
  readonly onnx?: string
  /** Files of sentence-transformers and the like, by name. */
  readonly json?: Readonly<Record<string, unknown>>
}

/** A folder with a model that counts letters: the vector of a token is the axis of its letter, so that what comes out can be worked out by hand. */
export async function writeLetterModel(folder: string, { onnx = 'onnx/model.onnx', json = {}, ...graph }: LetterModel = {}): Promise<void> {
  await mkdir(join(folder, dirname(onnx)), { recursive: true })
  await writeFile(join(folder, onnx), onnxModel(letterGraph(graph)))
  const files = { 'config.json': { model_type: 'bert', hidden_size: LETTER_DIMENSIONS }, 'tokenizer.json': TOKENIZER, 'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: 200 }, ...json }
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

function letterGraph({ output = 'last_hidden_state', numbers = 'float32', withTokenTypes = false }: LetterModel): Graph {
  const rows = VOCABULARY.map(token => axisVector(axisOf(token.replace('##', ''))))
  const typed = withTokenTypes ? [{ operator: 'Gather', inputs: ['types', 'token_type_ids'], output: 'typed' }, { operator: 'Add', inputs: ['words', 'typed'], output: 'sum' }] : [{ operator: 'Identity', inputs: ['words'], output: 'sum' }]
  // The greatest of each column: neither the mean nor the first row
  const pooled = output === 'sentence_embedding' ? { operator: 'ReduceMax', inputs: ['sum'], output: 'pooled', integers: { axes: [1], keepdims: 0 } } : { operator: 'Identity', inputs: ['sum'], output: 'pooled' }
  return {
    inputs: ['input_ids', 'attention_mask', ...(withTokenTypes ? ['token_type_ids'] : [])].map(name => ({ name, type: 'int64', shape: ['batch', 'length'] })),
    outputs: [{ name: output, type: numbers, shape: output === 'sentence_embedding' ? ['batch', LETTER_DIMENSIONS] : ['batch', 'length', LETTER_DIMENSIONS] }],
    tables: { embeddings: rows, ...(withTokenTypes && { types: [axisVector(-1), axisVector(axisOf('z'))] }) },
    nodes: [{ operator: 'Gather', inputs: ['embeddings', 'input_ids'], output: 'words' }, ...typed, pooled, { operator: 'Cast', inputs: ['pooled'], output, integers: { to: TYPES[numbers] } }],
  }
}

const axisVector = (axis: number): number[] => Array.from({ length: LETTER_DIMENSIONS }, (_, index) => (index === axis ? 1 : 0))

const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
const TOKENIZER = {
  version: '1.0', truncation: null, padding: null, decoder: null,
  added_tokens: SPECIALS.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing', single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')], pair: [],
    special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map(token => [token, { id: token, ids: [VOCABULARY.indexOf(token)], tokens: [token] }])),
  },
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 1_000, vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])) },
}
