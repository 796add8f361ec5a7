/**
 * A model process: holds one model, cuts and embeds. It is forked by model-process.ts and holds no state that matters:
 * whoever ends it loses one request. One text at a time, with a turn of the event loop between two, so that
 * a short request never waits for a long document and a given-up job stops at once.
 */
import { setImmediate } from 'node:timers/promises'
import { SimilarityError } from '@datashare-similarity/shared'
import { cutPassages } from '../passages/cut.ts'
import { PASSAGE_TOKENS, type Passage } from '../passages/passage.ts'
import type { EmbeddedPassage } from './embedder.ts'
import { GROUP_SIZE, isRequest, type Pulse, type Reply, type Request } from './messages.ts'
import { verifyModel } from './model-files.ts'
import { prefixed, type EmbeddingModel } from './model.ts'
import { loadRuntime, type Runtime } from './runtime.ts'

/** Passages cut in a row before the event loop has a turn. */
const CUT_AT_ONCE = 100
const PULSE_MS = 500

interface Loaded {
  readonly model: EmbeddingModel
  readonly runtime: Runtime
}

let loaded: Loaded | undefined
/** Jobs under way; a document's passages are kept between its groups. */
const jobs = new Map<number, Iterator<Passage> | null>()

const say = (message: Reply | Pulse): void => {
  process.send?.(message)
}

let pulsedAt = 0

/** A turn of the event loop; now and then with a sign of life. */
async function turn(): Promise<void> {
  await setImmediate()
  if (performance.now() - pulsedAt < PULSE_MS) return
  pulsedAt = performance.now()
  say({ type: 'alive' })
}

function needLoaded(): Loaded {
  if (loaded === undefined) throw new Error('no model is loaded')
  return loaded
}

function cut(content: string): Generator<Passage> {
  const { tokenizer } = needLoaded().runtime
  return cutPassages(content, { ...PASSAGE_TOKENS, countTokens: text => tokenizer.count(text) })
}

/** Whoever loads the files checks them: they may have changed since an earlier process did. */
async function load({ job, folder, model, device }: Request & { type: 'load' }): Promise<Reply> {
  await verifyModel(model, folder)
  const runtime = await loadRuntime(folder, model, device)
  refuseShort(model, runtime)
  await runtime.embed(prefixed(model, 'query', 'warm'))
  loaded = { model, runtime }
  return { type: 'ready', job }
}

/** The end of a passage would be in no vector. @throws SimilarityError model_refused */
function refuseShort(model: EmbeddingModel, { tokenizer }: Runtime): void {
  const needed = PASSAGE_TOKENS.maxTokens + tokenizer.encode(model.prefixes.passage, Infinity).length
  if (needed <= model.maxTokens) return
  throw new SimilarityError('model_refused', { detail: `The model ${model.id} reads ${model.maxTokens} tokens at most; a passage with its prefix may have ${needed}.` })
}

async function embed({ job, role, texts }: Request & { type: 'embed' }): Promise<Reply> {
  const { model, runtime } = needLoaded()
  const embeddings: Float32Array[] = []
  for (const text of texts) {
    if (!jobs.has(job)) break
    embeddings.push(await runtime.embed(prefixed(model, role, text)))
    await turn()
  }
  return { type: 'embeddings', job, embeddings }
}

async function cutAll({ job, content }: Request & { type: 'cut' }): Promise<Reply> {
  const passages: { start: number, end: number, text: string }[] = []
  for (const { start, end, text } of cut(content)) {
    if (!jobs.has(job)) break
    passages.push({ start, end, text })
    if (passages.length % CUT_AT_ONCE === 0) await turn()
  }
  return { type: 'passages', job, passages }
}

async function openDocument({ job, content, from }: Request & { type: 'document' }): Promise<Reply> {
  const passages = cut(content)
  for (let skipped = 0; skipped < from && jobs.has(job); skipped++) {
    passages.next()
    if (skipped % CUT_AT_ONCE === 0) await turn()
  }
  if (jobs.has(job)) jobs.set(job, passages)
  return await nextGroup(job)
}

async function nextGroup(job: number): Promise<Reply> {
  const { model, runtime } = needLoaded()
  const group: EmbeddedPassage[] = []
  while (group.length < GROUP_SIZE) {
    const next = jobs.get(job)?.next()
    if (next === undefined || next.done === true) {
      jobs.delete(job)
      return { type: 'group', job, passages: group, isLast: true }
    }
    group.push({ ...next.value, embedding: await runtime.embed(prefixed(model, 'passage', next.value.text)) })
    await turn()
  }
  return { type: 'group', job, passages: group, isLast: false }
}

async function answer(request: Exclude<Request, { type: 'end' }>): Promise<Reply> {
  switch (request.type) {
    case 'load': return await load(request)
    case 'embed': return await embed(request)
    case 'cut': return await cutAll(request)
    case 'document': return await openDocument(request)
    case 'more': return await nextGroup(request.job)
  }
}

function failed(job: number, error: unknown): Reply {
  if (error instanceof SimilarityError) return { type: 'failed', job, code: error.code, reason: error.detail }
  return { type: 'failed', job, code: null, reason: error instanceof Error ? error.message : 'unknown' }
}

async function handle(request: Request): Promise<void> {
  const { job, type } = request
  if (type === 'end') {
    jobs.delete(job)
    return
  }
  if (type !== 'more') jobs.set(job, null)
  const reply = await answer(request).catch((error: unknown): Reply => failed(job, error))
  if (reply.type !== 'group' || reply.isLast) jobs.delete(job)
  say(reply)
}

process.on('message', (message) => {
  if (isRequest(message)) void handle(message)
})
process.on('disconnect', () => process.exit(0))
// A signal to the whole group (Ctrl-C, a service manager) is the companion's to answer: it ends its processes when it is done
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
