import * as stopword from 'stopword'
import type { WordsQuery } from '../store/store.ts'
import { foldText } from './fold-text.ts'

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

interface Token {
  readonly text: string
  readonly folded: string
  readonly start: number
  readonly end: number
}

const MAX_TERMS = 32
const MAX_PHRASES = 32

const QUOTED = /"([^"]*)"|“([^”]*)”|«([^»]*)»|„([^“”]*)[“”]/gu
/** Letters and digits, held together by the separators that file numbers, addresses and e-mail addresses are written with. */
const TOKEN = /[\p{L}\p{M}\p{N}]+(?:[-._/@:'’][\p{L}\p{M}\p{N}]+)*/gu
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
/** What stands before an apostrophe and is no word of its own: l', d', qu', dell'… */
const ELISION = /^(?:\p{L}{1,2}|jusqu|lorsqu|puisqu|quoiqu|dell|nell|sull|dall|all|un)['’](?=[\p{L}\p{N}])/iu
const POSSESSIVE = /['’]s$/iu

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

const unspaced = new Intl.Segmenter(undefined, { granularity: 'word' })

/** Words in their order. Scripts without spaces are cut by ICU's dictionaries, as the store's own text index does. */
function tokensOf(text: string): Token[] {
  return [...text.matchAll(TOKEN)].flatMap(({ 0: word, index }) => {
    if (UNSPACED.test(word)) {
      return [...unspaced.segment(word)].filter(({ isWordLike }) => isWordLike).map(({ segment, index: at }) => token(segment, index + at))
    }
    return isCode(word) ? [token(word, index)] : partsOf(word, index)
  })
}

const token = (text: string, start: number): Token => ({ text, folded: foldText(text), start, end: start + text.length })

/** A word that is no code falls apart at its separators, except at an apostrophe. */
const partsOf = (word: string, start: number): Token[] =>
  [...word.matchAll(/[^-._/@:]+/gu)].map(({ 0: part, index }) => token(part, start + index))

/** Letters and digits together, digits with separators, a long number, or an address. A plain year or count is none. */
function isCode(word: string): boolean {
  if (word.includes('@')) return true
  return /\p{N}/u.test(word) && (/\p{L}/u.test(word) || /[-._/:]/u.test(word) || word.length >= 6)
}

/** The word that a text index may hold apart from its article: "entreprise" of "l'entreprise", "Appleby" of "Appleby's". */
const bare = (word: string): string => word.replace(ELISION, '').replace(POSSESSIVE, '')

function termOf({ text }: Token): Term {
  const word = isCode(text) ? text : bare(text)
  return {
    text,
    parts: foldText(word).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [foldText(word)],
    isCode: isCode(text),
    isCapitalised: /^\p{Lu}/u.test(word),
  }
}

/** The function words of the languages that these words are written in. */
function functionWords(tokens: readonly Token[]): (token: Token) => boolean {
  const distinct = new Set(tokens.map(({ folded }) => foldText(bare(folded))))
  const hits = BY_LANGUAGE.map(list => distinct.intersection(list).size)
  const most = Math.max(LANGUAGE_EVIDENCE, ...hits)
  const languages = BY_LANGUAGE.filter((_, language) => hits[language] === most)
  return ({ folded }) => {
    const word = bare(folded)
    return ALWAYS.has(word) || languages.some(list => list.has(word))
  }
}

/** Content words once each, in order; all words where no content word would be left. */
function contentTokens(tokens: readonly Token[], isFunctionWord: (token: Token) => boolean): Token[] {
  const content = tokens.filter(each => !isFunctionWord(each))
  return content.length > 0 ? content : [...tokens]
}

function distinctTerms(tokens: readonly Token[]): Term[] {
  const terms = new Map<string, Term>()
  for (const each of tokens) {
    const term = termOf(each)
    const key = keyOf(term)
    if (!terms.has(key)) terms.set(key, term)
  }
  return [...terms.values()]
}

/** Pairs of neighbours with nothing but a space or a hyphen between them, unless both are function words. */
function pairsOf(text: string, tokens: readonly Token[], isFunctionWord: (token: Token) => boolean): string[] {
  return tokens.flatMap((left, at) => {
    const right = tokens[at + 1]
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
  const tokens = tokensOf(text)
  const isFunctionWord = functionWords(tokens)
  const terms = mostTelling(distinctTerms(contentTokens(tokens, isFunctionWord)), () => 1)
  return { text, required, words: { terms, phrases: unique([...codesOf(terms), ...required, ...pairsOf(text, tokens, isFunctionWord)]) } }
}

/** The most telling words of examples: those they use often, names and codes before others. */
export function wordsOfExamples(texts: readonly string[]): Words {
  const tokens = texts.flatMap(tokensOf)
  const content = contentTokens(tokens, functionWords(tokens))
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
export const formsOf = ({ text, isCode }: Term): string[] => (isCode || bare(text) === text ? [text] : [text, bare(text)])

export const storeQuery = ({ terms, phrases }: Words): WordsQuery => ({ terms: terms.flatMap(formsOf).join(' '), phrases })

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
