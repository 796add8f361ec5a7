/** The few pieces of protobuf that a made-up model file is put together from. */
const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 0x80)
  return Buffer.from([...bytes, rest])
}

export const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)])
export const delimited = (field: number, bytes: Buffer): Buffer => Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
const text = (field: number, value: string): Buffer => delimited(field, Buffer.from(value))
const message = (...parts: readonly Buffer[]): Buffer => Buffer.concat(parts)

/** A tensor whose data lie in the file of this path. */
export function externalTensor(path: string): Buffer {
  const location = message(text(1, 'location'), text(2, path))
  return message(delimited(13, location), number(14, 1))
}

/** ONNX's numbers for the types of tensors. */
export const TYPES = { float32: 1, int64: 7, float16: 10 } as const
type Type = keyof typeof TYPES

interface Value { readonly name: string, readonly type: Type, readonly shape: readonly (number | string)[] }
interface Node { readonly operator: string, readonly inputs: readonly string[], readonly output: string, readonly integers?: Readonly<Record<string, number | readonly number[]>> }
export interface Graph {
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  /** Tables of 32-bit numbers, row by row. */
  readonly tables: Readonly<Record<string, readonly (readonly number[])[]>>
  readonly nodes: readonly Node[]
}

/** A whole model file. */
export function onnxModel({ inputs, outputs, tables, nodes }: Graph): Buffer {
  const graph = message(
    ...nodes.map(node => delimited(1, nodeOf(node))),
    text(2, 'made'),
    ...Object.entries(tables).map(([name, rows]) => delimited(5, tableOf(name, rows))),
    ...inputs.map(value => delimited(11, valueOf(value))),
    ...outputs.map(value => delimited(12, valueOf(value))),
  )
  const operators = message(text(1, ''), number(2, 17))
  return message(number(1, 8), delimited(7, graph), delimited(8, operators))
}

const tableOf = (name: string, rows: readonly (readonly number[])[]): Buffer =>
  message(number(1, rows.length), number(1, rows[0]?.length ?? 0), number(2, TYPES.float32), text(8, name), delimited(9, Buffer.from(Float32Array.from(rows.flat()).buffer)))

const valueOf = ({ name, type, shape }: Value): Buffer => {
  const dimensions = shape.map(size => delimited(1, typeof size === 'number' ? number(1, size) : text(2, size)))
  return message(text(1, name), delimited(2, delimited(1, message(number(1, TYPES[type]), delimited(2, message(...dimensions))))))
}

const INTEGER = 2
const INTEGERS = 7
const nodeOf = ({ operator, inputs, output, integers = {} }: Node): Buffer => message(
  ...inputs.map(input => text(1, input)), text(2, output), text(4, operator),
  ...Object.entries(integers).map(([name, value]) => delimited(5, typeof value === 'number'
    ? message(text(1, name), number(3, value), number(20, INTEGER))
    : message(text(1, name), ...value.map(each => number(8, each)), number(20, INTEGERS)))),
)
