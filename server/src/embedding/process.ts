/**
 * A model process: holds one model, cuts and embeds. It is forked by model-process.ts and holds no state that matters:
 * whoever ends it loses one request. One text at a time, with a turn of the event loop between two, so that
 * a short request never waits for a long document and a given-up job stops at once.
 */
import { setImmediate } from 'node:timers/promises'
import { cutPassages } from '../passages/cut.ts'
import { PASSAGE_TOKENS, type Passage } from '../passages/passage.ts'
import type { EmbeddedPassage } from './embedder.ts'
import { GROUP_SIZE, isRequest, type Reply, type Request } from './messages.ts'
import { prefixed, type EmbeddingModel } from './model.ts'
import { loadRuntime, type Runtime } from './runtime.ts'

/** Passages cut in a row before the event loop has a turn. */
const CUT_AT_ONCE = 100

interface Loaded {
  readonly model: EmbeddingModel
  readonly runtime: Runtime
}

let loaded: Loaded | undefined
/** Jobs under way; a document's passages are kept between its groups. */
const jobs = new Map<number, Iterator<Passage> | null>()

function needLoaded(): Loaded {
  if (loaded === undefined) throw new Error('no model is loaded')
  return loaded
}

function cut(content: string): Generator<Passage> {
  const { tokenizer } = needLoaded().runtime
  return cutPassages(content, { ...PASSAGE_TOKENS, countTokens: text => tokenizer.count(text) })
}

async function load(request: Request & { type: 'load' }): Promise<Reply> {
  const runtime = await loadRuntime(request.folder, request.model)
  await runtime.embed(prefixed(request.model, 'query', 'warm'))
  loaded = { model: request.model, runtime }
  return { type: 'ready', job: request.job }
}

async function embed({ job, role, texts }: Request & { type: 'embed' }): Promise<Reply> {
  const { model, runtime } = needLoaded()
  const embeddings: Float32Array[] = []
  for (const text of texts) {
    if (!jobs.has(job)) break
    embeddings.push(await runtime.embed(prefixed(model, role, text)))
    await setImmediate()
  }
  return { type: 'embeddings', job, embeddings }
}

async function cutAll({ job, content }: Request & { type: 'cut' }): Promise<Reply> {
  const passages: { start: number, end: number, text: string }[] = []
  for (const { start, end, text } of cut(content)) {
    if (!jobs.has(job)) break
    passages.push({ start, end, text })
    if (passages.length % CUT_AT_ONCE === 0) await setImmediate()
  }
  return { type: 'passages', job, passages }
}

async function openDocument({ job, content, from }: Request & { type: 'document' }): Promise<Reply> {
  const passages = cut(content)
  for (let skipped = 0; skipped < from && jobs.has(job); skipped++) {
    passages.next()
    if (skipped % CUT_AT_ONCE === 0) await setImmediate()
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
    await setImmediate()
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

async function handle(request: Request): Promise<void> {
  const { job, type } = request
  if (type === 'end') {
    jobs.delete(job)
    return
  }
  if (type !== 'more') jobs.set(job, null)
  // Only what a library says of itself goes back: no error here is made of the text
  const reply = await answer(request).catch((error: unknown): Reply => ({ type: 'failed', job, reason: error instanceof Error ? error.message : 'unknown' }))
  if (reply.type !== 'group' || reply.isLast) jobs.delete(job)
  process.send?.(reply)
}

process.on('message', (message) => {
  if (isRequest(message)) void handle(message)
})
process.on('disconnect', () => process.exit(0))
// A signal to the whole group (Ctrl-C, a service manager) is the companion's to answer: it ends its processes when it is done
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
