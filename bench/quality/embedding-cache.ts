import { hash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { EmbeddedPassage, Embedder, Embedders } from '../../server/src/embedding/embedder.ts'
import { PASSAGE_RULES } from '../../server/src/passages/passage.ts'

/** Embedders that remember on disk the passages of documents, by model, passage rules and content, and examples: what ranking is tuned with is embedded once. */
export function cached(embedders: Embedders, folder: string): Embedders {
  return { ...embedders, get: async (id, signal) => remembering(await embedders.get(id, signal), folder) }
}

function remembering(embedder: Embedder, folder: string): Embedder {
  const { model } = embedder
  const fileOf = (...parts: readonly string[]): string => {
    const key = hash('sha256', [model.id, model.revision, ...parts].join('\0'))
    return join(folder, key.slice(0, 2), key)
  }
  const example = async (text: string, signal?: AbortSignal): Promise<Float32Array> => {
    const file = fileOf('example', text)
    const known = await readFile(file).catch(() => null)
    if (known !== null) return fromBytes(known, text, model.dimensions)[0]?.embedding ?? new Float32Array()
    const [embedding = new Float32Array()] = await embedder.examples([text], signal)
    await writeWhole(file, toBytes([{ start: 0, end: text.length, embedding }]))
    return embedding
  }
  return {
    ...embedder,
    get ready() { return embedder.ready },
    examples: (texts, signal) => Promise.all(texts.map(text => example(text, signal))),
    async* passages(content, signal) {
      const file = fileOf(PASSAGE_RULES, content)
      const known = await readFile(file).catch(() => null)
      if (known !== null) {
        yield fromBytes(known, content, model.dimensions)
        return
      }
      const all: EmbeddedPassage[] = []
      for await (const group of embedder.passages(content, signal)) {
        all.push(...group)
        yield group
      }
      await writeWhole(file, toBytes(all))
    },
  }
}

async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.part`, bytes)
  await rename(`${file}.part`, file)
}

/** Of each passage: start, end, then the vector, all as 32-bit floats, which hold any offset of these documents. */
const toBytes = (passages: readonly Pick<EmbeddedPassage, 'start' | 'end' | 'embedding'>[]): Buffer =>
  Buffer.concat(passages.map(({ start, end, embedding }) => Buffer.from(Float32Array.of(start, end, ...embedding).buffer)))

function fromBytes(bytes: Buffer, content: string, dimensions: number): EmbeddedPassage[] {
  const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  return Array.from({ length: numbers.length / (dimensions + 2) }, (_, ordinal) => {
    const [start = 0, end = 0, ...embedding] = numbers.subarray(ordinal * (dimensions + 2), (ordinal + 1) * (dimensions + 2))
    return { ordinal, start, end, text: content.slice(start, end), embedding: Float32Array.from(embedding) }
  })
}
