import { createHash } from 'node:crypto'
import type { EmbeddedPassage, Embedder, Embedders } from '../embedding/embedder.ts'
import type { EmbeddingModel } from '../embedding/model.ts'

/** As many as prose gives with the bundled model: its windows of 120 tokens that overlap by 20. */
const WINDOW = 480
const STEP = 400
const GROUP = 16

const model: EmbeddingModel = {
  id: 'stand-in', revision: '1', files: {}, dimensions: 384, maxTokens: 256, pooling: 'mean', normalize: true, prefixes: { query: '', passage: '' },
  languages: ['en'], licence: 'MIT', bundled: true, repository: null, bytes: 0, onnx: 'model.onnx',
}

/**
 * Embedders without a process and without meaning, for what is about the rest of a vectorization: windows of characters,
 * and of each a unit vector that its text decides. A hundred times as fast as the model.
 */
export function createStandInEmbedders(): Embedders {
  const vectors = (texts: readonly string[]): Promise<Float32Array[]> => Promise.resolve(texts.map(vectorOf))
  const embedder: Embedder = {
    model,
    ready: true,
    queries: vectors,
    examples: vectors,
    cut: content => Promise.resolve([...windowsOf(content)]),
    // eslint-disable-next-line @typescript-eslint/require-await -- the port asks a process
    async* passages(content, signal) {
      let group: EmbeddedPassage[] = []
      for (const window of windowsOf(content)) {
        signal.throwIfAborted()
        group.push({ ...window, embedding: vectorOf(window.text) })
        if (group.length < GROUP) continue
        yield group
        group = []
      }
      yield group
    },
    close: () => Promise.resolve(),
  }
  return {
    defaultModel: model,
    get: () => Promise.resolve(embedder),
    check: () => Promise.resolve(),
    models: () => Promise.resolve([{ ...model, installed: true }]),
    close: () => Promise.resolve(),
  }
}

function* windowsOf(content: string): Generator<Omit<EmbeddedPassage, 'embedding'>> {
  for (let start = 0, ordinal = 0; start < content.length; start += STEP, ordinal++) {
    const text = content.slice(start, start + WINDOW)
    yield { ordinal, start, end: start + text.length, text }
  }
}

function vectorOf(text: string): Float32Array {
  const bytes = createHash('shake256', { outputLength: model.dimensions }).update(text).digest()
  const numbers = Float32Array.from(bytes, byte => byte - 127.5)
  const length = Math.hypot(...numbers)
  return numbers.map(number => number / length)
}
