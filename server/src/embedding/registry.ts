import { fileURLToPath } from 'node:url'
import { SimilarityError } from '@datashare-similarity/shared'
import type { EmbeddingModel } from './model.ts'

/** Where the models lie that come with the package. */
export const BUNDLED_MODELS_DIR = fileURLToPath(new URL('../../models', import.meta.url))

/** The models that can be chosen: each is pinned, file by file. Where the hashes come from: docs/models.md. */
export const REGISTRY: readonly EmbeddingModel[] = [
  {
    id: 'all-MiniLM-L6-v2',
    revision: 'int8-9fe54c9599ee',
    repository: null,
    files: {
      'LICENSE': 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30',
      'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
      'onnx/model_quantized.onnx': '9fe54c9599eefecda9337b715e9cd6087a52ee1e4202ffd2f13a78c42492906c',
      'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
      'tokenizer_config.json': 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
    },
    bytes: 23_861_813,
    onnx: 'onnx/model_quantized.onnx',
    dimensions: 384,
    maxTokens: 256,
    pooling: 'mean',
    normalize: true,
    prefixes: { query: '', passage: '' },
    languages: ['en'],
    licence: 'Apache-2.0',
    bundled: true,
  },
  {
    id: 'multilingual-e5-small',
    revision: '761b726dd34fb83930e26aab4e9ac3899aa1fa78',
    repository: 'Xenova/multilingual-e5-small',
    files: {
      'config.json': 'cb99455288675345e1a4f411438d5d0adbba5fbd3a67ea4fb03c015433b996c1',
      'tokenizer_config.json': 'a1d6bc8734a6f635dc158508bef000f8e2e5a759c7d92f984b2c86e5ff53425b',
      'tokenizer.json': '0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39',
      'onnx/model_quantized.onnx': 'f80102d3f2a1229f387d3c81909990d8945513e347b0eab049f7de3c6f98c193',
    },
    bytes: 135_392_016,
    onnx: 'onnx/model_quantized.onnx',
    dimensions: 384,
    maxTokens: 512,
    pooling: 'mean',
    normalize: true,
    prefixes: { query: 'query: ', passage: 'passage: ' },
    languages: ['*'],
    licence: 'MIT',
    bundled: false,
  },
  {
    id: 'granite-embedding-97m-multilingual-r2',
    revision: '835ad14087e140460703cf0fae09f97d469d65c2',
    repository: 'ibm-granite/granite-embedding-97m-multilingual-r2',
    files: {
      'config.json': 'de948b0bdc6f356afad7a84b276d8dd7e7fe10fb9add1bb5e610621c28e41ebc',
      'tokenizer_config.json': '6ed69389e30a8ecabfce2f9ebcdf0c908b34056f24d994340f2f216521c057d5',
      'tokenizer.json': '4f2842d568e2724370aec203652a42ac783c7937f8347a1a2cc7506d71f1582f',
      'onnx/model_quint8_avx2.onnx': 'a6022dd8220ea6f6595562a1328ee216f4a94faa55362f2f4747c80f1e78772e',
    },
    bytes: 123_563_626,
    onnx: 'onnx/model_quint8_avx2.onnx',
    dimensions: 384,
    // It reads 32,768. A passage never has that many, and a query of so many would keep others waiting.
    maxTokens: 512,
    pooling: 'cls',
    normalize: true,
    prefixes: { query: '', passage: '' },
    languages: ['*'],
    licence: 'Apache-2.0',
    bundled: false,
  },
  {
    id: 'bge-small-en-v1.5',
    revision: 'ea104dacec62c0de699686887e3f920caeb4f3e3',
    repository: 'Xenova/bge-small-en-v1.5',
    files: {
      'config.json': 'fa73f90bf92c8cace1fbcb709626306f2bdbc9ea3e5b5f94b440df9b6aa56350',
      'tokenizer_config.json': '9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3',
      'tokenizer.json': 'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66',
      'onnx/model_quantized.onnx': '6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4',
    },
    bytes: 34_726_871,
    onnx: 'onnx/model_quantized.onnx',
    dimensions: 384,
    maxTokens: 512,
    pooling: 'cls',
    normalize: true,
    prefixes: { query: 'Represent this sentence for searching relevant passages: ', passage: '' },
    languages: ['en'],
    licence: 'MIT',
    bundled: false,
  },
]

/** @throws SimilarityError model_unknown */
export function modelOf(id: string, models: readonly EmbeddingModel[] = REGISTRY): EmbeddingModel {
  const model = models.find(entry => entry.id === id)
  if (model === undefined) throw new SimilarityError('model_unknown', { detail: `The companion knows ${models.map(entry => entry.id).join(', ')}.` })
  return model
}
