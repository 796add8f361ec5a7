import { join } from 'node:path'
import { BUNDLED_MODELS_DIR } from '../../server/src/embedding/registry.ts'
import { loadTokenizer } from '../../server/src/embedding/tokenizer.ts'
import { startContender, startReference, type Contender } from './contenders.ts'
import { figureOf, round, type Figure } from './measure.ts'
import type { PythonSide } from './python.ts'
import type { Claim, Part } from './report.ts'
import { textSets, type TextSet } from './texts.ts'

const MODEL = join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2')

interface Way {
  readonly name: string
  readonly contender: Contender
  readonly batch: number
}

/** Processor time of one thread for the same texts, the ways taking turns; the same model for all. */
export async function measureEmbedding({ texts, rounds, python }: { texts: number, rounds: number, python: PythonSide | null }): Promise<Part> {
  await using opened = new AsyncDisposableStack()
  const [ours, floor, int8] = [opened.use(await startContender('ours', MODEL)), opened.use(await startContender('floor', MODEL)), opened.use(await startContender('int8', MODEL))]
  const ways: Way[] = [
    { name: 'ours', contender: ours, batch: 1 },
    { name: 'floor: onnxruntime-node, input prepared', contender: floor, batch: 1 },
    { name: 'pipeline int8, batch 1', contender: int8, batch: 1 },
    { name: 'pipeline int8, batch 16', contender: int8, batch: 16 },
  ]
  if (python !== null) {
    const full = opened.use(await startContender('full', python.fullModel))
    const reference = opened.use(await startReference(python.python, 'embed', python.transformer))
    ways.push({ name: 'pipeline full precision, batch 1', contender: full, batch: 1 }, { name: 'pipeline full precision, batch 16', contender: full, batch: 16 }, { name: 'sentence-transformers, batch 32', contender: reference, batch: 32 })
  }
  const sets = await textSets(await loadTokenizer(MODEL), texts)
  const figures = new Map<string, Map<string, Figure>>()
  for (const set of sets) figures.set(set.name, await takeTurns(ways, set, rounds))
  return {
    name: 'embedding', unit: 'ms of one processor for 1,000 tokens',
    rows: ways.map(({ name }) => ({ name, figures: Object.fromEntries(sets.map(set => [`${set.name} lengths`, figures.get(set.name)?.get(name)])) })),
    claims: claimsOf(figures),
  }
}

async function takeTurns(ways: readonly Way[], { texts, tokens }: TextSet, rounds: number): Promise<Map<string, Figure>> {
  const taken = new Map<string, number[]>(ways.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, contender, batch } of ways) taken.get(name)?.push((await contender.ask({ texts, batch })).cpuMs / tokens * 1_000)
  }
  return new Map([...taken].map(([name, values]) => [name, figureOf(values)]))
}

function claimsOf(figures: ReadonlyMap<string, ReadonlyMap<string, Figure>>): Claim[] {
  const cost = (set: string, way: string): number => figures.get(set)?.get(way)?.median ?? NaN
  const times = (set: string, way: string): number => round(cost(set, way) / cost(set, 'ours'))
  const claims = [
    { claim: 'sentence-transformers ÷ ours, equal lengths', least: 3, measured: times('equal', 'sentence-transformers, batch 32') },
    { claim: 'sentence-transformers ÷ ours, mixed lengths', least: 4, measured: times('mixed', 'sentence-transformers, batch 32') },
    { claim: 'pipeline in full precision ÷ ours, equal lengths', least: 3, measured: times('equal', 'pipeline full precision, batch 1') },
    { claim: 'pipeline in full precision in batches of 16 ÷ ours, mixed lengths', least: 3, measured: times('mixed', 'pipeline full precision, batch 16') },
    { claim: 'pipeline int8 in batches of 16 ÷ ours, mixed lengths', least: 1.5, measured: times('mixed', 'pipeline int8, batch 16') },
    { claim: 'pipeline int8 one by one ÷ ours, equal lengths', least: 1, measured: times('equal', 'pipeline int8, batch 1') },
    { claim: 'pipeline int8 one by one ÷ ours, mixed lengths', least: 1, measured: times('mixed', 'pipeline int8, batch 1') },
    { claim: 'share of ours outside of the model\'s own run, mixed lengths', most: 0.08, measured: round(1 - cost('mixed', FLOOR) / cost('mixed', 'ours')) },
  ]
  return claims.filter(({ measured }) => !Number.isNaN(measured))
}

const FLOOR = 'floor: onnxruntime-node, input prepared'
