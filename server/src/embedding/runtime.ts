import { basename, dirname } from 'node:path/posix'
import { AutoModel, Tensor } from '@huggingface/transformers'
import { SimilarityError } from '@datashare-similarity/shared'
import type { Device, EmbeddingModel } from './model.ts'
import { loadTokenizer, localModel, type Tokenizer } from './tokenizer.ts'

/** One model in this process: its tokenizer and its session. */
export interface Runtime {
  readonly tokenizer: Tokenizer
  /** A unit vector. One text at a time: with int8 a batch would make the vector depend on its neighbours, and is no faster on a CPU. */
  embed(text: string): Promise<Float32Array>
}

const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 }

/** Where a model gives a vector for each token, and where one for the text: names that exporters use. */
const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings']
const TEXT_OUTPUTS = ['sentence_embedding']

/** The library makes the name of a file out of these; "fp32" is the one that adds nothing to it. */
const fileOptions = (onnx: string) => ({
  subfolder: dirname(onnx), model_file_name: basename(onnx, '.onnx'), dtype: 'fp32', use_external_data_format: false,
} as const)

function outputOf({ id, pooling, dimensions }: EmbeddingModel, outputs: ReadonlyMap<string, Tensor>): Float32Array {
  const refuse = (reason: string): SimilarityError => new SimilarityError('model_refused', { detail: `The model ${id} ${reason}.` })
  const [names, rank] = pooling === 'model' ? [TEXT_OUTPUTS, 2] : [TOKEN_OUTPUTS, 3]
  const output = names.map(name => outputs.get(name)).find(tensor => tensor !== undefined)
  if (output === undefined) throw refuse(`gives no ${names.join(' or ')}, which its pooling "${pooling}" needs; it gives ${[...outputs.keys()].join(', ')}`)
  if (output.dims.length !== rank || output.dims[0] !== 1) throw refuse(`gives an output of the shape ${output.dims.join(' × ')}`)
  if (output.dims.at(-1) !== dimensions) throw refuse(`gives vectors of ${output.dims.at(-1)} dimensions, its description says ${dimensions}`)
  if (!(output.data instanceof Float32Array)) throw refuse(`gives numbers of the type ${output.type} instead of float32`)
  return output.data
}

/** Mean of all rows, or the first one; one alone is both. There is no padding, so each row is a token of the text. */
function pooled(data: Float32Array, dimensions: number, pooling: EmbeddingModel['pooling']): Float32Array {
  if (pooling !== 'mean') return data.slice(0, dimensions)
  const rows = data.length / dimensions
  const mean = new Float32Array(dimensions)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < dimensions; column++) mean[column] = (mean[column] ?? 0) + (data[row * dimensions + column] ?? 0) / rows
  }
  return mean
}

function unitLength(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  if (!Number.isFinite(length) || length === 0) throw new Error('the model gives no finite vector')
  return vector.map(value => value / length)
}

/** @throws Error where a file is missing or no model. Of what is loaded `embed` throws SimilarityError model_refused where its output is not as its description says. */
export async function loadRuntime(folder: string, model: EmbeddingModel, device: Device = 'cpu'): Promise<Runtime> {
  const tokenizer = await loadTokenizer(folder)
  const session = await AutoModel.from_pretrained(localModel(folder), { ...fileOptions(model.onnx), device, session_options: ONE_THREAD })

  return {
    tokenizer,
    embed: async (text) => {
      const ids = tokenizer.encode(text, model.maxTokens)
      const shape = [1, ids.length]
      const inputIds = new Tensor('int64', BigInt64Array.from(ids, BigInt), shape)
      const attentionMask = new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape)
      const outputs = tensorsOf(await session({ input_ids: inputIds, attention_mask: attentionMask }))
      try {
        return unitLength(pooled(outputOf(model, outputs), model.dimensions, model.pooling))
      } finally {
        for (const tensor of outputs.values()) tensor.dispose()
      }
    },
  }
}

const tensorsOf = (outputs: unknown): Map<string, Tensor> =>
  new Map(Object.entries(outputs ?? {}).flatMap(([name, value]: [string, unknown]) => (value instanceof Tensor ? [[name, value] as const] : [])))
