import { AutoModel, Tensor } from '@huggingface/transformers'
import type { EmbeddingModel } from './model.ts'
import { loadTokenizer, localModel, type Tokenizer } from './tokenizer.ts'

/** One model in this process: its tokenizer and its session. */
export interface Runtime {
  readonly tokenizer: Tokenizer
  /** A unit vector. One text at a time: with int8 a batch would make the vector depend on its neighbours, and is no faster on a CPU. */
  embed(text: string): Promise<Float32Array>
}

const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 }

function hiddenState(output: unknown): Tensor {
  const state: unknown = typeof output === 'object' && output !== null && 'last_hidden_state' in output ? output.last_hidden_state : undefined
  if (!(state instanceof Tensor)) throw new Error('the model gives no last_hidden_state')
  return state
}

/** Mean of all rows, or the first one. There is no padding, so each row is a token of the text. */
function pooled(data: Float32Array, dimensions: number, pooling: EmbeddingModel['pooling']): Float32Array {
  if (pooling === 'cls') return data.slice(0, dimensions)
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

/** @throws Error where a file is missing or the model gives vectors of other dimensions than its entry says */
export async function loadRuntime(folder: string, model: EmbeddingModel): Promise<Runtime> {
  const tokenizer = await loadTokenizer(folder)
  const session = await AutoModel.from_pretrained(localModel(folder), { dtype: model.dtype, device: 'cpu', session_options: ONE_THREAD })

  return {
    tokenizer,
    embed: async (text) => {
      const ids = tokenizer.encode(text, model.maxTokens)
      const shape = [1, ids.length]
      const inputIds = new Tensor('int64', BigInt64Array.from(ids, BigInt), shape)
      const attentionMask = new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape)
      const state = hiddenState(await session({ input_ids: inputIds, attention_mask: attentionMask }))
      try {
        if (state.dims.at(-1) !== model.dimensions) throw new Error(`the model gives vectors of ${String(state.dims.at(-1))} dimensions, its entry says ${model.dimensions}`)
        if (!(state.data instanceof Float32Array)) throw new Error('the model gives no 32-bit numbers')
        return unitLength(pooled(state.data, model.dimensions, model.pooling))
      } finally {
        state.dispose()
      }
    },
  }
}
