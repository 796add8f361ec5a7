import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { delimited, externalTensor, number } from '../testing/onnx.ts'
import { refersToOtherFiles } from './onnx-file.ts'
import { BUNDLED_MODELS_DIR } from './registry.ts'

describe('a model file', () => {
  let folder: string
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'similarity-onnx-')) })
  afterAll(() => rm(folder, { recursive: true }))

  const refers = async (bytes: Buffer): Promise<boolean> => {
    const file = join(folder, 'model.onnx')
    await writeFile(file, bytes)
    return refersToOtherFiles(file)
  }

  it('as it comes with the package holds all of its data', async () => {
    expect(await refersToOtherFiles(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2/onnx/model_quantized.onnx'))).toBe(false)
  })

  const inGraph = (bytes: Buffer): Buffer => delimited(7, bytes)
  const inAttribute = (bytes: Buffer): Buffer => delimited(1, delimited(5, bytes))
  it.each([
    { where: 'an initializer', bytes: inGraph(delimited(5, externalTensor('../../x'))) },
    { where: 'a sparse initializer', bytes: inGraph(delimited(15, delimited(1, externalTensor('x')))) },
    { where: 'a constant of a node', bytes: inGraph(inAttribute(delimited(5, externalTensor('/etc/passwd')))) },
    { where: 'a list of constants', bytes: inGraph(inAttribute(delimited(10, externalTensor('x')))) },
    { where: 'a graph within a node', bytes: inGraph(inAttribute(delimited(6, delimited(5, externalTensor('x'))))) },
    { where: 'a function', bytes: delimited(25, delimited(7, delimited(5, delimited(5, externalTensor('x'))))) },
    { where: 'its training', bytes: delimited(20, delimited(2, delimited(5, externalTensor('x')))) },
    { where: 'a tensor that only says so', bytes: inGraph(delimited(5, number(14, 1))) },
    { where: 'a second graph after 1 MB of data', bytes: Buffer.concat([inGraph(delimited(5, delimited(9, Buffer.alloc(1_000_000)))), inGraph(delimited(5, externalTensor('x')))]) },
  ])('with data elsewhere in $where is noticed', async ({ bytes }) => {
    expect(await refers(Buffer.concat([number(1, 8), bytes]))).toBe(true)
  })

  it('that mentions such words in a text only is none', async () => {
    expect(await refers(Buffer.concat([delimited(6, Buffer.from('external_data location ../../x')), inGraph(delimited(5, Buffer.concat([number(14, 0), delimited(9, Buffer.from([0x6a, 1, 0]))])))]))).toBe(false)
  })

  it.each([
    { what: 'cut short', bytes: delimited(7, Buffer.alloc(50)).subarray(0, 20) },
    { what: 'no protobuf', bytes: Buffer.from('<html>not a model</html>') },
    { what: 'nested without end', bytes: Array.from({ length: 80 }).reduce<Buffer>(inner => delimited(1, delimited(5, delimited(6, inner))), Buffer.alloc(0)) },
  ])('that is $what is an error', async ({ bytes }) => {
    await expect(refers(bytes[0] === 0x3a ? bytes : inGraph(bytes))).rejects.toThrow('ONNX file')
  })
})
