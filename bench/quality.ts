import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUNDLED_MODELS_DIR } from '../server/src/embedding/registry.ts'
import { loadTokenizer, type Tokenizer } from '../server/src/embedding/tokenizer.ts'
import type { Embedders } from '../server/src/embedding/embedder.ts'
import { PASSAGE_RULES } from '../server/src/passages/passage.ts'
import { openModel } from '../server/src/testing/memory-run.ts'
import { intoDocument } from './document.ts'
import { makeCollection, type Collection, type CollectionName } from './quality/collections.ts'
import { cached } from './quality/embedding-cache.ts'
import type { BenchQuery } from './quality/known-items.ts'
import { measure } from './quality/measures.ts'
import { readOptions, within, type Options } from './quality/options.ts'
import { claimsOf, partsOf, type Outcome } from './quality/report.ts'
import { index, type Answers } from './quality/systems.ts'
import { asMarkdown } from './quality/tables.ts'

/*
 * npm run bench:quality: how well documents are found, by known items out of documentation and by the sample collection's judgements.
 * Writes bench/results/quality.json, a line for each query beside it, and where all was measured the figures in docs/ranking.md.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, '.cache', 'quality')
const results = join(root, 'bench', 'results')
/** Of an answer that begins behind them no single vector of a whole document knows. */
const HEAD_TOKENS = 512
/** Enough characters to hold them, whatever the language. */
const HEAD_CHARACTERS = 8_000

interface Asked extends Outcome {
  readonly query: BenchQuery
  readonly answers: Answers
}

const started = performance.now()
const say = (text: string): void => console.log(`${String(Math.round((performance.now() - started) / 1_000)).padStart(5)} s  ${text}`)

const options = await readOptions(process.argv.slice(2))
const embedders = cached(await openModel(options.model), join(cache, 'embeddings'))
const tokenizer = await loadTokenizer(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2'))
const asked: Asked[] = []
const collections: { name: CollectionName, documents: number, passages: number, queries: number, madeOf: readonly string[] }[] = []
try {
  for (const name of options.collections) await run(within(await makeCollection[name](cache), options), embedders, options)
} finally {
  await embedders.close()
}
await report()

async function run(collection: Collection, model: Embedders, { variant, store }: Options): Promise<void> {
  const { name, documents, queries, notes } = collection
  say(`${name}: ${notes.join(', ')}`)
  say(`${name}: ${documents.length} documents, ${queries.length} queries; vectorizing`)
  await using indexed = await index(collection, model, variant, join(cache, 'indices'), store)
  say(`${name}: ${indexed.passages} passages; asking`)
  const contents = new Map(documents.map(({ id, content }) => [id, content]))
  for (const query of queries) {
    const answers = await indexed.answer(query)
    const measures = Object.fromEntries(Object.entries(answers).map(([system, { ids }]) => [system, measure(ids, query.relevant)]))
    asked.push({ collection: name, language: query.language, part: query.part, isDeep: isDeep(query, contents, tokenizer), measures, query, answers })
  }
  collections.push({ name, documents: documents.length, passages: indexed.passages, queries: queries.length, madeOf: notes })
}

function isDeep({ answerAt, relevant: [id = ''] }: BenchQuery, contents: ReadonlyMap<string, string>, model: Tokenizer): boolean | null {
  return answerAt === null ? null : model.count(contents.get(id)?.slice(0, Math.min(answerAt, HEAD_CHARACTERS)) ?? '') > HEAD_TOKENS
}

async function report(): Promise<void> {
  const parts = partsOf(asked)
  const claims = claimsOf(parts)
  const { id, revision } = embedders.defaultModel
  const seconds = Math.round((performance.now() - started) / 1_000)
  await mkdir(results, { recursive: true })
  const name = options.isWhole ? 'quality' : 'quality-part'
  await writeFile(join(results, `${name}.json`), JSON.stringify({ model: id, revision, passageRules: PASSAGE_RULES, options: process.argv.slice(2), seconds, collections, parts, claims }, null, 2))
  await writeFile(join(results, `${name}-queries.jsonl`), asked.map(each => `${JSON.stringify(lineOf(each))}\n`).join(''))
  const figures = asMarkdown(parts, claims)
  console.log(`\n${figures}\n`)
  if (options.isWhole) await intoDocument('ranking.md', 'npm run bench:quality', [`Model ${id}, ${revision}; passages ${PASSAGE_RULES}.`, collections.map(madeOf).join('\n'), figures].join('\n\n'))
  say(`done; each query in bench/results/${name}-queries.jsonl`)
}

function madeOf({ name, documents, passages, queries, madeOf: parts }: typeof collections[number]): string {
  return `- ${name}: ${documents} documents, ${passages} passages, ${queries} queries (${parts.join(', ')})`
}

/** To look into failures: where each system has the first relevant document, and where the lists had it. */
function lineOf({ collection, language, part, isDeep: deep, measures, query, answers }: Asked): Record<string, unknown> {
  const rank = (ids: readonly string[]): number | null => ids.findIndex(id => query.relevant.includes(id)) + 1 || null
  const best = answers.hybrid?.ids.find(id => query.relevant.includes(id))
  return {
    collection, id: query.id, text: query.text, language, part, isDeep: deep, relevant: query.relevant,
    ranks: Object.fromEntries(Object.entries(answers).map(([system, { ids }]) => [system, rank(ids)])),
    ndcg: Object.fromEntries(Object.entries(measures).map(([system, { ndcg }]) => [system, ndcg])),
    lists: best === undefined ? null : answers.hybrid?.lists[best], hybrid: answers.hybrid?.ids.slice(0, 5),
  }
}
