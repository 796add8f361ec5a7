/** The few pieces of protobuf that a made-up model file is put together from. */
const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 0x80)
  return Buffer.from([...bytes, rest])
}

export const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)])
export const delimited = (field: number, bytes: Buffer): Buffer => Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])

/** A tensor whose data lie in the file of this path. */
export function externalTensor(path: string): Buffer {
  const location = Buffer.concat([delimited(1, Buffer.from('location')), delimited(2, Buffer.from(path))])
  return Buffer.concat([delimited(13, location), number(14, 1)])
}
