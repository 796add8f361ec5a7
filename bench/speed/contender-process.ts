/**
 * One way to embed, alone in a process, so that its processor time is its own. Says {"ready":true} once the model is loaded;
 * then for each line {"texts":[…],"batch":n} a line {"cpuMs","wallMs"}. One thread.
 */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { env, pipeline } from '@huggingface/transformers'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { modelOf } from '../../server/src/embedding/registry.ts'
import { loadRuntime } from '../../server/src/embedding/runtime.ts'
import { loadTokenizer } from '../../server/src/embedding/tokenizer.ts'

/** Does the work; what it needs before and does not count is done when it is made. */
type Work = () => Promise<void>
type Contender = (texts: readonly string[], batch: number) => Work | Promise<Work>

const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 } as const
const model = modelOf('all-MiniLM-L6-v2')
const [name = '', folder = ''] = process.argv.slice(2)

async function ours(): Promise<Contender> {
  const runtime = await loadRuntime(folder, model)
  return texts => async () => {
    for (const text of texts) await runtime.embed(text)
  }
}

/** What no embedder with this file and this runtime can be faster than: the model's own run, its input prepared before. */
async function floor(): Promise<Contender> {
  const tokenizer = await loadTokenizer(folder)
  const session = await InferenceSession.create(join(folder, model.onnx), ONE_THREAD)
  return (texts) => {
    const feeds = texts.map((text) => {
      const ids = BigInt64Array.from(tokenizer.encode(text, model.maxTokens), BigInt)
      const inputs = { input_ids: ids, attention_mask: new BigInt64Array(ids.length).fill(1n), token_type_ids: new BigInt64Array(ids.length) }
      return Object.fromEntries(Object.entries(inputs).map(([input, values]) => [input, new Tensor('int64', values, [1, ids.length])]))
    })
    return async () => {
      for (const feed of feeds) Object.values(await session.run(feed)).forEach(output => output.dispose())
    }
  }
}

/** As its documentation shows it. */
async function documented(dtype: 'fp32' | 'q8'): Promise<Contender> {
  env.allowRemoteModels = false
  env.localModelPath = join(folder, '..')
  const extract = await pipeline('feature-extraction', folder.split('/').at(-1) ?? '', { dtype, device: 'cpu', session_options: ONE_THREAD })
  return (texts, batch) => async () => {
    for (let from = 0; from < texts.length; from += batch) await extract(texts.slice(from, from + batch), { pooling: 'mean', normalize: true })
  }
}

const CONTENDERS: Readonly<Record<string, () => Promise<Contender>>> = { ours, floor, int8: () => documented('q8'), full: () => documented('fp32') }

const make = CONTENDERS[name]
if (make === undefined) throw new Error(`no way to embed is called ${name}`)
const contender = await make()
await (await contender(['a first text, so that everything is warm'], 1))()
console.log(JSON.stringify({ ready: true }))

for await (const line of createInterface({ input: process.stdin })) {
  const { texts, batch } = JSON.parse(line) as { texts: string[], batch: number }
  const work = await contender(texts, batch)
  const [before, started] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ cpuMs: (user + system) / 1_000, wallMs: performance.now() - started }))
}
