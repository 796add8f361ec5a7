import * as stopword from 'stopword'
import type { WordsQuery } from '../store/store.ts'
import { foldText } from '../words/fold-text.ts'
import { stemsIn } from '../words/stems.ts'
import { bare, foldedParts, isCode, tokens, type Token } from '../words/tokens.ts'

/** A content word of a query or an example. */
export interface Term {
  /** As it was typed. */
  readonly text: string
  /** Its parts, folded: one for a word, several for a code with separators. They match in this order. */
  readonly parts: readonly string[]
  /** An identifier rather than a word: a file number, an account, an e-mail address. */
  readonly isCode: boolean
  readonly isCapitalised: boolean
}

export interface Words {
  readonly terms: readonly Term[]
  /** Word sequences that score higher where they stand together. */
  readonly phrases: readonly string[]
}

export interface QueryWords {
  /** The query without its quotation marks: what is embedded. */
  readonly text: string
  /** Quoted parts: each must stand in a document. */
  readonly required: readonly string[]
  readonly words: Words
}

const MAX_TERMS = 32
const MAX_PHRASES = 32

/** None reads over another opening: of ten thousand that are never closed each would be read to the end. */
const QUOTED = /"([^"]*)"|“([^“”]*)”|«([^«»]*)»|„([^„“”]*)[“”]/gu
const folded = (...lists: (readonly string[])[]): Set<string> => new Set(lists.flat().map(word => foldText(word.trim())).filter(word => word !== ''))

/** Prepositions, pronouns and particles that the package's English list misses. */
const ALSO_ENGLISH = [
  'above', 'across', 'against', 'along', 'among', 'around', 'behind', 'below', 'beneath', 'beside', 'besides', 'beyond', 'despite', 'down', 'during', 'except', 'inside',
  'near', 'off', 'onto', 'outside', 'per', 'throughout', 'toward', 'towards', 'until', 'unto', 'upon', 'via', 'within', 'without',
  'else', 'ever', 'few', 'just', 'no', 'nor', 'not', 'whether', 'yet', 'although', 'though', 'whereas',
  'anybody', 'anyone', 'anything', 'everybody', 'everyone', 'everything', 'nobody', 'nothing', 'somebody', 'someone', 'something',
  'hers', 'herself', 'its', 'itself', 'myself', 'ours', 'she', 'theirs', 'themselves', 'us', 'whom', 'whose', 'yours', 'yourself',
  'cannot', 'does', 'doing', 'done', 'having', 'may', 'shall', 'when', 'why',
]
/** English, and languages whose script English does not use: a word of theirs is never a content word of a query in another language. */
const ALWAYS = folded(
  stopword.eng, ALSO_ENGLISH, stopword.rus, stopword.ukr, stopword.bul, stopword.ell, stopword.ara, stopword.fas, stopword.urd,
  stopword.heb, stopword.hin, stopword.tha, stopword.jpn, stopword.zho, stopword.kor,
)
/** Their function words may be content words elsewhere ("war", "son", "van"), so the query must look like the language. */
const BY_LANGUAGE = [
  folded(stopword.fra), folded(stopword.spa), folded(stopword.deu), folded(stopword.ita), folded(stopword.por, stopword.porBr), folded(stopword.nld),
  folded(stopword.cat), folded(stopword.pol), folded(stopword.ces), folded(stopword.slk), folded(stopword.hun), folded(stopword.ron), folded(stopword.hrv),
  folded(stopword.swe), folded(stopword.dan), folded(stopword.nob), folded(stopword.fin), folded(stopword.tur), folded(stopword.ind), folded(stopword.vie),
]
/** One word of a language's list is chance, two are the language. */
const LANGUAGE_EVIDENCE = 2

interface Word extends Token {
  readonly folded: string
}

const tokensOf = (text: string): Word[] => Array.from(tokens(text), token => ({ ...token, folded: foldText(token.text) }))

function termOf({ text }: Token): Term {
  const word = isCode(text) ? text : bare(text)
  return {
    text,
    parts: foldedParts(word),
    isCode: isCode(text),
    isCapitalised: /^\p{Lu}/u.test(word),
  }
}

/** The function words of the languages that these words are written in. */
function functionWords(words: readonly Word[]): (word: Word) => boolean {
  const distinct = new Set(words.map(({ folded }) => foldText(bare(folded))))
  const hits = BY_LANGUAGE.map(list => distinct.intersection(list).size)
  const most = Math.max(LANGUAGE_EVIDENCE, ...hits)
  const languages = BY_LANGUAGE.filter((_, language) => hits[language] === most)
  return ({ folded }) => {
    const word = bare(folded)
    return ALWAYS.has(word) || languages.some(list => list.has(word))
  }
}

/** Content words once each, in order; all words where no content word would be left. */
function contentWords(words: readonly Word[], isFunctionWord: (word: Word) => boolean): Word[] {
  const content = words.filter(each => !isFunctionWord(each))
  return content.length > 0 ? content : [...words]
}

function distinctTerms(words: readonly Word[]): Term[] {
  const terms = new Map<string, Term>()
  for (const each of words) {
    const term = termOf(each)
    const key = keyOf(term)
    if (!terms.has(key)) terms.set(key, term)
  }
  return [...terms.values()]
}

/** Pairs of neighbours with nothing but a space or a hyphen between them, unless both are function words. */
function pairsOf(text: string, words: readonly Word[], isFunctionWord: (word: Word) => boolean): string[] {
  return words.flatMap((left, at) => {
    const right = words[at + 1]
    if (right === undefined || !/^[\s-]*$/u.test(text.slice(left.end, right.start))) return []
    return isFunctionWord(left) && isFunctionWord(right) ? [] : [text.slice(left.start, right.end)]
  })
}

const codesOf = (terms: readonly Term[]): string[] => terms.filter(({ parts }) => parts.length > 1).map(({ text }) => text)

const unique = (phrases: readonly string[]): string[] => [...new Set(phrases)].slice(0, MAX_PHRASES)

/** Reads a query: quoted parts in "…", “…”, „…“ and «…» are required, and stay part of it. */
export function wordsOfQuery(query: string): QueryWords {
  const required: string[] = []
  const text = query.replace(QUOTED, (_, ...groups: unknown[]) => {
    const phrase = groups.slice(0, 4).find((group): group is string => typeof group === 'string') ?? ''
    if (tokensOf(phrase).length > 0) required.push(phrase.trim())
    return ` ${phrase} `
  }).replace(/\s+/gu, ' ').trim()
  const words = tokensOf(text)
  const isFunctionWord = functionWords(words)
  const terms = mostTelling(distinctTerms(contentWords(words, isFunctionWord)), () => 1)
  return { text, required, words: { terms, phrases: unique([...codesOf(terms), ...required, ...pairsOf(text, words, isFunctionWord)]) } }
}

/** The most telling words of examples: those they use often, names and codes before others. */
export function wordsOfExamples(texts: readonly string[]): Words {
  const words = texts.flatMap(tokensOf)
  const content = contentWords(words, functionWords(words))
  const counts = new Map<string, number>()
  const capitalised = new Set<string>()
  for (const each of content) {
    const term = termOf(each)
    const key = keyOf(term)
    counts.set(key, (counts.get(key) ?? 0) + 1)
    if (term.isCapitalised) capitalised.add(key)
  }
  const weight = (term: Term): number => {
    const key = keyOf(term)
    return Math.log2(1 + (counts.get(key) ?? 0)) * (term.isCode ? 3 : capitalised.has(key) ? 2 : 1) * (key.length < 3 && !term.isCode ? 0.2 : 1)
  }
  const terms = mostTelling(distinctTerms(content), weight)
  return { terms, phrases: unique(codesOf(terms)) }
}

/** Stable: equal weights keep the order of the text. */
const mostTelling = (terms: readonly Term[], weight: (term: Term) => number): Term[] =>
  terms.map(term => ({ term, weight: weight(term) })).toSorted((a, b) => b.weight - a.weight).slice(0, MAX_TERMS).map(({ term }) => term)

/** A word with an article or a possessive is asked for in both forms, since a text index keeps it as one token. */
const formsOf = ({ text, isCode }: Term): string[] => (isCode || bare(text) === text ? [text] : [text, bare(text)])

export const storeQuery = ({ terms, phrases }: Words): WordsQuery => ({ terms: terms.flatMap(formsOf).join(' '), phrases })

/** What whole documents are asked for: each term in every form that it takes in documents of these languages. */
export const stemsOf = (terms: readonly Term[], languages: readonly string[]): string[] =>
  [...new Set(terms.flatMap(({ text }) => stemsIn(languages, text)))]

/** Two terms with the same key are the same word. */
export const keyOf = ({ parts }: Term): string => parts.join(' ')

/** Keys of the words of a text. */
export const keysOf = (text: string): Set<string> => new Set(tokensOf(text).map(each => keyOf(termOf(each))))

/**
 * How many distinct terms a document must hold to be a hit for words beside a list for meaning.
 * One shared word of a long question is chance, and two word lists that agree on chance outvote the meaning list.
 * As search engines usually have it: of two words both (unless they are names, which are worth finding alone), then a third, and never more than three.
 */
export function minimumTerms(terms: readonly Term[]): number {
  if (terms.length < 2) return terms.length
  if (terms.length === 2) return terms.every(({ isCapitalised }) => isCapitalised) ? 1 : 2
  return Math.min(3, Math.max(2, Math.ceil(terms.length / 3)))
}

/** The same for terms that stand anywhere in a document, in any form: in a long one some of them always do. Half of them, and never more than six. */
export const minimumScattered = (terms: readonly Term[]): number => Math.max(minimumTerms(terms), Math.min(6, Math.ceil(terms.length / 2)))
