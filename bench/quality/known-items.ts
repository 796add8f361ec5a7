import { hash } from 'node:crypto'
import { headingsOf, type Heading } from './markup.ts'
import { isWrittenIn } from './language.ts'
import type { Language } from './sources.ts'

export interface RawDocument {
  readonly id: string
  readonly language: Language
  readonly text: string
}

export interface BenchDocument {
  readonly id: string
  readonly language: string
  readonly content: string
}

export interface BenchQuery {
  readonly id: string
  readonly language: string
  readonly text: string
  /** Id of the document that is asked with instead of the text; null where the text is the query. */
  readonly like: string | null
  /** Ids of the documents that answer it. */
  readonly relevant: readonly string[]
  /** Where the answer begins in the document, in UTF-16 units; null where nobody has said it. */
  readonly answerAt: number | null
  /** What ranking may be tuned on, and what it is judged by. All queries of a document are in one part. */
  readonly part: 'tune' | 'report'
}

export interface KnownItems {
  readonly documents: BenchDocument[]
  readonly queries: BenchQuery[]
}

export interface Sampling {
  /** Of each language at most; chosen by a hash, so that the choice follows no order. */
  readonly queries: number
  readonly queriesOfDocument: number
  readonly documents: number
}

interface Candidate extends Heading {
  readonly document: RawDocument
}

/** A document in characters: below, it is a stub; above, a changelog of many years. */
const SMALLEST = 1_000
const LARGEST = 40_000
/** Characters of the section below a title: without, there is nothing to be found. */
const LEAST_ANSWER = 200

const order = (text: string): string => hash('sha256', text)

/**
 * Known items: a query is a section's title or a page's summary, what it asks for is the document that had it.
 * That line is taken out of the document, and the query's text stands in no document any more.
 */
export function knownItems(raw: readonly RawDocument[], sampling: Sampling): KnownItems {
  const documents = chosenDocuments(raw, sampling)
  const chosen = chosenCandidates(documents, sampling)
  const byDocument = Map.groupBy(chosen, ({ document }) => document.id)
  const cut = documents.map(({ id, language, text }) => ({ id, language, content: without(text, byDocument.get(id) ?? []) }))
  return { documents: cut, queries: chosen.map(each => toQuery(each, byDocument.get(each.document.id) ?? [])) }
}

function chosenDocuments(raw: readonly RawDocument[], { documents }: Sampling): RawDocument[] {
  const fitting = raw.filter(({ language, text }) => text.length >= SMALLEST && text.length <= LARGEST && isIn(language, text))
  const distinct = [...new Map(fitting.map(document => [document.text, document])).values()]
  return perLanguage(distinct, document => document, documents, ({ id }) => id)
}

/** English is what everything is translated from: there is nothing else for it to be. */
const isIn = (language: Language, text: string): boolean => language === 'ENGLISH' || isWrittenIn(language, text)

/** Of each language the first ones by the hash of their names; in that order, so that the first of them are a sample of all. */
function perLanguage<T>(all: readonly T[], documentOf: (item: T) => RawDocument, atMost: number, nameOf: (item: T) => string): T[] {
  const hashed = all.map(item => ({ item, at: order(nameOf(item)) })).toSorted((a, b) => (a.at < b.at ? -1 : 1))
  const ofEach = Map.groupBy(hashed, ({ item }) => documentOf(item).language)
  const kept = new Set([...ofEach.values()].flatMap(each => each.slice(0, atMost)))
  return hashed.filter(each => kept.has(each)).map(({ item }) => item)
}

function chosenCandidates(documents: readonly RawDocument[], { queries, queriesOfDocument }: Sampling): Candidate[] {
  const headings = documents.map(document => ({ document, headings: headingsOf(document.id, document.text) }))
  const titles = Map.groupBy(headings.flatMap(each => each.headings), ({ text }) => withoutNumbers(text))
  const candidates = headings.flatMap(({ document, headings: own }) => own.flatMap((heading, at): Candidate[] => {
    const answerEnd = own[at + 1]?.start ?? document.text.length
    const isUsable = answerEnd - heading.end >= LEAST_ANSWER && titles.get(withoutNumbers(heading.text))?.length === 1 && isTelling(document.language, queryOf(heading))
    return isUsable ? [{ ...heading, document }] : []
  }))
  const counts = occurrences(candidates.map(each => folded(queryOf(each))), documents.map(({ text }) => folded(text)))
  const alone = candidates.filter(each => (counts.get(folded(queryOf(each))) ?? 0) < 2)
  const ofEach = [...Map.groupBy(alone, ({ document }) => document.id).values()]
    .flatMap(own => own.toSorted((a, b) => (order(a.text) < order(b.text) ? -1 : 1)).slice(0, queriesOfDocument))
  return perLanguage(ofEach, ({ document }) => document, queries, ({ document, text }) => `${document.id} ${text}`)
}

/** How often each needle stands in the texts: all are looked for at once, by their beginnings. */
export function occurrences(needles: readonly string[], texts: readonly string[]): Map<string, number> {
  const counts = new Map(needles.map(needle => [needle, 0]))
  const length = Math.min(...needles.map(needle => needle.length))
  const byBeginning = Map.groupBy(counts.keys(), needle => needle.slice(0, length))
  for (const text of texts) {
    for (let at = 0; at <= text.length - length; at++) {
      const found = byBeginning.get(text.slice(at, at + length))?.filter(needle => text.startsWith(needle, at)) ?? []
      for (const needle of found) counts.set(needle, (counts.get(needle) ?? 0) + 1)
    }
  }
  return counts
}

const folded = (text: string): string => text.toLowerCase().replace(/[\s*`]+/g, ' ')

/** "Django 1.4.2 release notes" and its forty brothers ask for a number, not for a subject. */
const withoutNumbers = (text: string): string => folded(text).replace(/\d+/g, '#')

const NUMBERING = /^(?:(?:Chapter|Chapitre|Capítulo|Kapitel|Глава|第) \d+[.:]?|\p{Lu}?\.?(?:\d+\.)+\d*)\s+(?:章 )?/u

/** The title as one would type it: without its number and its marks. */
const queryOf = ({ text }: Pick<Heading, 'text'>): string => text.replace(NUMBERING, '').replace(/[*`]/g, '').trim()

/** Signs of code and markup: nobody asks like that. */
const NO_QUESTION = /[_(){}[\]<>=|\\#@$%~"“”«»„]|::|https?:/

/** Long enough to say what is meant, and in the language of the document. */
function isTelling(language: Language, query: string): boolean {
  if (NO_QUESTION.test(query) || query.length > 120 || !isIn(language, query)) return false
  if (language === 'JAPANESE' || language === 'CHINESE') return query.length >= 7
  const words = query.match(/\p{L}+/gu) ?? []
  return words.length >= (language === 'RUSSIAN' ? 3 : 4) && words.filter(({ length }) => length > 3).length >= 2
}

function without(text: string, headings: readonly Omit<Heading, 'text'>[]): string {
  return headings.toSorted((a, b) => b.start - a.start).reduce((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text)
}

function toQuery(candidate: Candidate, ofDocument: readonly Candidate[]): BenchQuery {
  const { document, start } = candidate
  const removedBefore = ofDocument.filter(other => other.start < start).reduce((sum, other) => sum + other.end - other.start, 0)
  return {
    id: `${document.id}#${ofDocument.indexOf(candidate) + 1}`, language: document.language, text: queryOf(candidate), like: null, relevant: [document.id],
    answerAt: start - removedBefore, part: order(`part ${document.id}`) < '8' ? 'tune' : 'report',
  }
}
