import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { SimilarAnswer } from '@datashare-similarity/shared'
import { openEmbedders } from '../embedding/embedders.ts'
import { BUNDLED_MODELS_DIR, modelOf } from '../embedding/registry.ts'
import { createLogger } from '../log.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedOptions } from '../testing/guarded-companion.ts'
import { delimited, externalTensor } from '../testing/onnx.ts'

const MODEL = 'all-MiniLM-L6-v2'
const ONNX = join('onnx', 'model_quantized.onnx')

let folder: string
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'similarity-models-')) })
afterAll(() => rm(folder, { recursive: true, force: true }))

const options = (): GuardedOptions => ({
  documents: createEditableDocuments({ leak: { villa: 'The villa belongs to a nominee.', boat: 'The boat lies in the harbour.' } }),
  users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['leak'], roles: [{ role: 'PROJECT_EDITOR', on: '*::*' }] }],
})

it('S23: one changed byte of the model stops the start, which names the file', async () => {
  const bundledDir = join(folder, 'tampered')
  await cp(BUNDLED_MODELS_DIR, bundledDir, { recursive: true })
  const file = join(bundledDir, MODEL, ONNX)
  const bytes = await readFile(file)
  bytes.writeUInt8(bytes.readUInt8(1_000_000) ^ 1, 1_000_000)
  await writeFile(file, bytes)
  const embedders = () => openEmbedders({ defaultModel: MODEL, bundledDir, threads: 1, log: createLogger('silent') })

  await expect(startGuardedCompanion({ ...options(), overrides: { embedders } })).rejects.toMatchObject({ code: 'model_tampered', detail: expect.stringContaining('model_quantized.onnx') as unknown })
})

it.each(['../../x', '/etc/passwd', 'weights.bin'])('S24: a model whose data lie in the file %s is refused at the start', async (location) => {
  const bundledDir = join(folder, 'external')
  const model = join(bundledDir, MODEL)
  await mkdir(join(model, 'onnx'), { recursive: true })
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) await cp(join(BUNDLED_MODELS_DIR, MODEL, name), join(model, name))
  await writeFile(join(model, ONNX), delimited(7, delimited(5, externalTensor(location))))
  const pins = await Promise.all(Object.keys(modelOf(MODEL).files).filter(name => name !== 'LICENSE').map(async name => [name, createHash('sha256').update(await readFile(join(model, name))).digest('hex')] as const))
  const registry = [{ ...modelOf(MODEL), files: Object.fromEntries(pins) }]
  const embedders = () => openEmbedders({ defaultModel: MODEL, bundledDir, registry, threads: 1, log: createLogger('silent') })

  await expect(startGuardedCompanion({ ...options(), overrides: { embedders } })).rejects.toMatchObject({ code: 'model_refused', detail: expect.stringContaining('model_quantized.onnx') as unknown })
})

it('S30: while the process of the model keeps dying, a search answers by words only and says so; then it recovers', async () => {
  await using companion = await startGuardedCompanion(options())
  await companion.vectorize('alice-key', 'leak')
  let asked = 0
  // Each time in other words: the vector of a query that was asked before is remembered, and needs no process
  const search = async (): Promise<SimilarAnswer> => (await companion.as('alice-key')('POST', '/api/projects/leak/similar', { queries: [`nominee villa ${++asked}`] })).json as SimilarAnswer
  const queryProcesses = (): number[] => companion.log().split('\n').filter(line => line.includes('model process started') && line.includes('"background":false'))
    .map(line => Number(/"pid":(\d+)/.exec(line)?.[1]))
  expect((await search()).degraded).toBeNull()

  const killed = new Set<number>()
  const byWords = await vi.waitUntil(async () => {
    for (const pid of queryProcesses().filter(each => !killed.has(each))) {
      killed.add(pid)
      process.kill(pid, 'SIGKILL')
    }
    const answer = await search()
    return answer.degraded === 'words-only' && answer
  }, { timeout: 60_000, interval: 20 })

  expect(byWords.results[0]?.documents[0]?.documentId).toBe('villa')
  expect((await companion.send({ path: '/health/live' })).status).toBe(200)
  await expect.poll(async () => (await search()).degraded, { timeout: 60_000, interval: 200 }).toBeNull()
  expect((await search()).results[0]?.documents[0]?.documentId).toBe('villa')
}, 150_000)
