import { open, type FileHandle } from 'node:fs/promises'

/**
 * Where a tensor may stand in an ONNX file, as its protobuf schema has it: by message, the fields that lead on to another one.
 * Only these are followed; all else is skipped unread.
 */
const FIELDS = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  function: { 7: 'node', 11: 'attribute' },
  tensor: {},
} as const satisfies Record<string, Readonly<Record<number, string>>>

type Message = keyof typeof FIELDS

/** TensorProto.external_data, and TensorProto.data_location, whose default is "in this file". */
const EXTERNAL_DATA = 13
const DATA_LOCATION = 14

/** Wire types of protobuf. */
const VARINT = 0
const DELIMITED = 2
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

/** Nesting beyond any model's: a graph within an attribute within a node. */
const DEEPEST = 64
const WINDOW_BYTES = 65_536

/**
 * Whether a tensor of the model says that its data lie in another file, whose path the model file would choose.
 * Reads what leads to tensors and never their data, so that memory stays small.
 * @throws Error where the file is no protobuf of this shape
 */
export async function refersToOtherFiles(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    return await hasExternal(createReader(file), 'model', size, 0)
  } finally {
    await file.close()
  }
}

interface Reader {
  at: number
  byte(): Promise<number>
}

function createReader(file: FileHandle): Reader {
  const window = Buffer.alloc(WINDOW_BYTES)
  let start = 0
  let length = 0
  const reader: Reader = {
    at: 0,
    async byte() {
      if (reader.at < start || reader.at >= start + length) {
        start = reader.at
        length = (await file.read(window, 0, WINDOW_BYTES, start)).bytesRead
      }
      if (length === 0) throw new Error('the ONNX file ends too early')
      return window.readUInt8(reader.at++ - start)
    },
  }
  return reader
}

async function varint(reader: Reader): Promise<number> {
  let value = 0
  for (let index = 0; index < 10; index++) {
    const byte = await reader.byte()
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value
  }
  throw new Error('the ONNX file holds a number that is too long')
}

/** Whether the message that goes on to `end` holds a tensor with data elsewhere. */
async function hasExternal(reader: Reader, message: Message, end: number, depth: number): Promise<boolean> {
  if (depth > DEEPEST) throw new Error('the ONNX file is nested too deeply')
  while (reader.at < end) {
    const tag = await varint(reader)
    const field = Math.floor(tag / 8)
    const type = tag % 8
    if (message === 'tensor' && field === EXTERNAL_DATA) return true
    if (type === VARINT) {
      const value = await varint(reader)
      if (message === 'tensor' && field === DATA_LOCATION && value !== 0) return true
      continue
    }
    const length = type === DELIMITED ? await varint(reader) : FIXED_BYTES[type]
    if (length === undefined || reader.at + length > end) throw new Error('the ONNX file is not well-formed')
    const stop = reader.at + length
    const inner = type === DELIMITED ? innerMessage(message, field) : undefined
    if (inner !== undefined && await hasExternal(reader, inner, stop, depth + 1)) return true
    reader.at = stop
  }
  return false
}

const innerMessage = (message: Message, field: number): Message | undefined => {
  const fields: Readonly<Record<number, Message>> = FIELDS[message]
  return fields[field]
}
