import { LIMITS, type ResultPassage } from '@datashare-similarity/shared'
import type { VectorStore } from '../store/store.ts'
import { finder, highlights, partsOfPhrase, sharedTerms, termFinder, type TermFinder } from './evidence.ts'
import { fuse } from './fusion.ts'
import type { Shown } from './page.ts'
import type { Probe, ProbeText, Scope } from './probe.ts'
import { keyOf, keysOf, wordsOfExamples, type Term } from './words.ts'

interface Chosen {
  readonly start: number
  readonly end: number
  readonly text: string
  /** The text of the probe that it answers, where the lists know. */
  readonly nearest: number | null
}

/** The passages that explain each shown document, best first, at most three. */
export async function resultPassages(store: VectorStore, scope: Scope, probe: Probe, shown: readonly Shown[]): Promise<ResultPassage[][]> {
  const chosen = await Promise.all(shown.map(each => choose(store, scope, probe, each)))
  const holders = countHolders(chosen.flat())
  const explain = explainer(probe, scope, holders)
  return chosen.map(passages => passages.map(explain))
}

/** A hit for words alone shows what holds the words; another what is best by meaning and words together. */
async function choose(store: VectorStore, scope: Scope, probe: Probe, { documentId, strength, meaning, words }: Shown): Promise<Chosen[]> {
  const hits = new Map([...words, ...meaning].map(hit => [orderKey(hit.passage.ordinal), hit]))
  const keys = [words, meaning].map(list => list.map(({ passage }) => orderKey(passage.ordinal)))
  const lists = strength === 'words' && words.length > 0 ? keys.slice(0, 1) : keys
  const best = fuse(lists).slice(0, LIMITS.passages).flatMap(({ id }) => {
    const hit = hits.get(id)
    return hit === undefined ? [] : [{ start: hit.passage.start, end: hit.passage.end, text: hit.passage.text, nearest: hit.nearest }]
  })
  const holds = finder(probe.required.map(partsOfPhrase))
  const needsQuoted = probe.required.length > 0 && !best.some(({ text }) => holds(text).length > 0)
  const needsWords = strength === 'words' && words.length === 0
  if (best.length > 0 && !needsQuoted && !needsWords) return best
  const holding = await passagesHolding(store, scope, documentId, needsQuoted ? holds : termFinder(probe.words.terms, scope.languages).held)
  return [...holding, ...best.filter(({ start }) => holding.every(each => each.start !== start))].slice(0, LIMITS.passages)
}

/** Ids tie in the order of the text. */
const orderKey = (ordinal: number): string => String(ordinal).padStart(9, '0')

/** For what only the list of whole documents knows: its passages that hold most of the words. */
async function passagesHolding(store: VectorStore, { project, generation }: Scope, documentId: string, find: TermFinder['held']): Promise<Chosen[]> {
  return (await store.passagesOf(project, generation, documentId))
    .map(({ start, end, text }) => ({ start, end, text, nearest: null, held: find(text).length }))
    .filter(({ held }) => held > 0)
    .toSorted((a, b) => b.held - a.held || a.start - b.start)
    .slice(0, LIMITS.passages)
    .map(({ start, end, text, nearest }) => ({ start, end, text, nearest }))
}

function countHolders(passages: readonly Chosen[]): Map<string, number> {
  const holders = new Map<string, number>()
  for (const { text } of passages) {
    for (const key of keysOf(text)) holders.set(key, (holders.get(key) ?? 0) + 1)
  }
  return holders
}

function explainer(probe: Probe, { languages }: Scope, holders: ReadonlyMap<string, number>): (passage: Chosen) => ResultPassage {
  const quoted = probe.required.map(partsOfPhrase)
  const { words, isExample } = probe
  /** For an example the words of the text that is answered, not those of the other examples. */
  const termsOf = once((text: ProbeText | null): readonly Term[] => (isExample && text !== null ? wordsOfExamples([text.text]).terms : words.terms))
  const finderOf = once((text: ProbeText | null) => termFinder(termsOf(text), languages))
  return ({ start, end, text, nearest }) => {
    const source = sourceOf(probe, termsOf, text, nearest)
    const terms = termsOf(source)
    const held = finderOf(source).held(text).flatMap(index => terms[index] ?? [])
    const found = {
      start, end, text,
      highlights: highlights(text, [...held.map(({ parts }) => parts), ...finderOf(source).inflected(text).map(partsOfPhrase), ...quoted]),
      sharedTerms: sharedTerms(held, holders),
    }
    return source?.origin ? { ...found, matches: { ...source.origin, text: source.text } } : found
  }
}

/** Each answer is worked out once. */
function once<K, V>(work: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return (key) => {
    const value = known.get(key) ?? work(key)
    known.set(key, value)
    return value
  }
}

/** The passage of the example that this one answers: the nearest, or for a hit by words the one that shares most of them. */
function sourceOf({ texts }: Probe, termsOf: (text: ProbeText) => readonly Term[], text: string, nearest: number | null): ProbeText | null {
  if (nearest !== null) return texts[nearest] ?? null
  if (texts.length < 2) return texts[0] ?? null
  const keys = keysOf(text)
  const shared = texts.map(source => ({ source, count: termsOf(source).filter(term => keys.has(keyOf(term))).length }))
  return shared.toSorted((a, b) => b.count - a.count)[0]?.source ?? null
}
