import type { Language } from './sources.ts'

const FUNCTION_WORDS: Partial<Record<Language, ReadonlySet<string>>> = {
  ENGLISH: new Set(['the', 'a', 'is', 'to', 'of', 'and', 'in', 'for', 'that', 'with', 'this', 'be', 'how', 'on']),
  FRENCH: new Set(['le', 'la', 'les', 'des', 'une', 'est', 'dans', 'pour', 'que', 'vous', 'du', 'et', 'avec', 'sur', 'un', 'de', 'à']),
  SPANISH: new Set(['el', 'la', 'los', 'las', 'una', 'es', 'en', 'para', 'que', 'del', 'y', 'se', 'con', 'un', 'de', 'por']),
  GERMAN: new Set(['der', 'die', 'das', 'und', 'ist', 'nicht', 'ein', 'eine', 'für', 'mit', 'wird', 'auf', 'von', 'zu', 'im', 'den']),
}
const SCRIPTS: Partial<Record<Language, RegExp>> = {
  RUSSIAN: /\p{Script=Cyrillic}/gu,
  JAPANESE: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/gu,
  CHINESE: /\p{Script=Han}/gu,
}

/** Whether a text is in the language for the most part: translations of documentation are often unfinished. Code is left out. */
export function isWrittenIn(language: Language, text: string): boolean {
  const prose = text.replace(/^(?: {4}|\t).*$|```[\s\S]*?```|`[^`]*`/gm, ' ')
  const script = SCRIPTS[language]
  if (script !== undefined) return count(prose, script) * 2 > count(prose, /\p{L}/gu)
  const words = prose.toLowerCase().match(/\p{L}+/gu) ?? []
  const own = functionWords(words, language)
  return own > 0 && own > 2 * functionWords(words, 'ENGLISH')
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

const functionWords = (words: readonly string[], language: Language): number => words.filter(word => FUNCTION_WORDS[language]?.has(word) === true).length
