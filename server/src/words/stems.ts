// Snowball's algorithms for 28 languages, kept by a search engine's authors: several times faster than its other ports.
import { stemmer as arabic } from '@orama/stemmers/arabic'
import { stemmer as bulgarian } from '@orama/stemmers/bulgarian'
import { stemmer as danish } from '@orama/stemmers/danish'
import { stemmer as dutch } from '@orama/stemmers/dutch'
import { stemmer as english } from '@orama/stemmers/english'
import { stemmer as finnish } from '@orama/stemmers/finnish'
import { stemmer as french } from '@orama/stemmers/french'
import { stemmer as german } from '@orama/stemmers/german'
import { stemmer as greek } from '@orama/stemmers/greek'
import { stemmer as hungarian } from '@orama/stemmers/hungarian'
import { stemmer as italian } from '@orama/stemmers/italian'
import { stemmer as norwegian } from '@orama/stemmers/norwegian'
import { stemmer as portuguese } from '@orama/stemmers/portuguese'
import { stemmer as romanian } from '@orama/stemmers/romanian'
import { stemmer as russian } from '@orama/stemmers/russian'
import { stemmer as spanish } from '@orama/stemmers/spanish'
import { stemmer as swedish } from '@orama/stemmers/swedish'
import { stemmer as turkish } from '@orama/stemmers/turkish'
import { stemmer as ukrainian } from '@orama/stemmers/ukrainian'
import { foldText } from './fold-text.ts'
import { bare, foldedParts, isCode, LONGEST_WORD, runs, tokens } from './tokens.ts'

/** Recorded with a generation: a change of the rules means a new generation. */
export const STEM_RULES = 'stems-v1'

interface Language {
  /** Marks its stems, so that words of two languages never meet by chance of their endings. */
  readonly tag: string
  readonly stem: (word: string) => string
}

/** By Datashare's names. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  ARABIC: { tag: 'ar', stem: arabic }, BULGARIAN: { tag: 'bg', stem: bulgarian }, DANISH: { tag: 'da', stem: danish }, DUTCH: { tag: 'nl', stem: dutch },
  ENGLISH: { tag: 'en', stem: english }, FINNISH: { tag: 'fi', stem: finnish }, FRENCH: { tag: 'fr', stem: french }, GERMAN: { tag: 'de', stem: german },
  GREEK: { tag: 'el', stem: greek }, HUNGARIAN: { tag: 'hu', stem: hungarian }, ITALIAN: { tag: 'it', stem: italian }, NORWEGIAN: { tag: 'no', stem: norwegian },
  PORTUGUESE: { tag: 'pt', stem: portuguese }, ROMANIAN: { tag: 'ro', stem: romanian }, RUSSIAN: { tag: 'ru', stem: russian }, SPANISH: { tag: 'es', stem: spanish },
  SWEDISH: { tag: 'sv', stem: swedish }, TURKISH: { tag: 'tr', stem: turkish }, UKRAINIAN: { tag: 'uk', stem: ukrainian },
}
const AS_IT_STANDS: Language = { tag: 'xx', stem: word => word }

/** Words between two pauses: some milliseconds. */
const AT_ONCE = 5_000
/** Words whose stems are kept: a text repeats its own. */
const KEPT = 50_000

const languageOf = (name: string): Language => LANGUAGES[name] ?? AS_IT_STANDS

/**
 * What a word of a document in this language counts as in the list of words over whole documents: its stem, whatever its ending;
 * a code as it stands, and each of its parts. Accents and case are folded.
 * @param language as Datashare writes it (ENGLISH); words of a language without stemmer stand for themselves
 */
export function stemsOfWord(word: string, language: string): string[] {
  if (word.length > LONGEST_WORD) return []
  if (!isCode(word)) return stemmed(bare(word), languageOf(language))
  const parts = foldedParts(word)
  const single = parts.flatMap(part => (isCode(part) ? `#${part}` : stemmed(part, languageOf(language))))
  return parts.length === 1 ? single : [`#${parts.join('.')}`, ...single]
}

/** Two stems where accents change the ending that is taken off: who types none finds the word too. */
function stemmed(word: string, { tag, stem }: Language): string[] {
  const lower = word.normalize('NFC').toLowerCase()
  // Some letters of old code pages are folded to words with a blank.
  const stems = [foldText(stem(lower)), stem(foldText(lower))].map(each => each.replace(/\s+/gu, ''))
  return [...new Set(stems)].map(each => `${tag}:${each}`)
}

/**
 * The stems of a content in its order, a blank between them, as the store indexes them.
 * A generator, so that whoever reads can let others have a turn: a piece takes some milliseconds, and 20 million characters about two seconds.
 */
export function* stemsOfContent(content: string, language: string): Generator<string> {
  const known = new Map<string, string>()
  let piece: string[] = []
  for (const { 0: run } of runs(content)) {
    let stems = known.get(run)
    if (stems === undefined) {
      stems = Array.from(tokens(run), ({ text }) => stemsOfWord(text, language)).flat().join(' ')
      if (known.size < KEPT && run.length <= LONGEST_WORD) known.set(run, stems)
    }
    if (stems !== '') piece.push(stems)
    if (piece.length < AT_ONCE) continue
    yield piece.join(' ')
    piece = []
  }
  if (piece.length > 0) yield piece.join(' ')
}

/** Every stem that a word has in documents of these languages. */
export const stemsIn = (languages: readonly string[], word: string): string[] => [...new Set(languages.flatMap(language => stemsOfWord(word, language)))]
