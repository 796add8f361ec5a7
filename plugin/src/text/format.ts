/** Numbers, dates and names as the reader's language writes them. `language` is a BCP 47 tag. */

const made = new Map<string, unknown>()

/** Formatters are costly to make, and a list needs the same ones for each of its results. */
function once<T>(key: string, make: () => T): T {
  const known = made.get(key) as T | undefined ?? make()
  made.set(key, known)
  return known
}

export function formatNumber(language: string, value: number): string {
  return once(`number-${language}`, () => new Intl.NumberFormat(language, { maximumFractionDigits: 0 })).format(value)
}

export function formatPercent(language: string, share: number): string {
  // Never 100 % before the end: a bar that stands at the end looks stuck.
  return new Intl.NumberFormat(language, { style: 'percent' }).format(share < 1 ? Math.min(share, 0.99) : 1)
}

/** A calendar day, or null for what is no date. */
export function formatDate(language: string, iso: string | null): string | null {
  const date = new Date(iso ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? null : once(`date-${language}`, () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' })).format(date)
}

/** A moment on the reader's own clock, or null for what is no date. */
export function formatMoment(language: string, iso: string | null): string | null {
  const date = new Date(iso ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? null : new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(date)
}

const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]] as const

/** A length of time in its two largest units. */
export function formatElapsed(language: string, seconds: number): string {
  let rest = Math.max(0, Math.round(seconds))
  const parts = UNITS.flatMap(([unit, size]) => {
    const value = Math.floor(rest / size)
    rest -= value * size
    return value > 0 ? [formatUnit(language, unit, value)] : []
  })
  return parts.length === 0 ? formatUnit(language, 'second', 0) : parts.slice(0, 2).join(' ')
}

function formatUnit(language: string, unit: string, value: number): string {
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 0 }).format(value)
}

export function formatBytes(language: string, bytes: number): string {
  const units = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 1), units.length)
  return new Intl.NumberFormat(language, { style: 'unit', unit: units[power - 1] ?? 'kilobyte', maximumSignificantDigits: 2 }).format(bytes / 1000 ** power)
}

export type DurationUnit = 'soon' | 'minutes' | 'hours'

/** A range of seconds in the unit that fits its upper end; `most` decides on the plural. */
export function durationRange(language: string, [low, high]: readonly [number, number]): { unit: DurationUnit, range: string, most: number } {
  if (high < 60) return { unit: 'soon', range: '', most: 1 }
  const [unit, seconds] = high < 90 * 60 ? ['minutes', 60] as const : ['hours', 3600] as const
  const least = Math.max(1, Math.floor(low / seconds))
  const most = Math.max(1, Math.ceil(high / seconds))
  const write = (value: number) => formatNumber(language, value)
  return { unit, range: least === most ? write(most) : `${write(least)}–${write(most)}`, most }
}

const CODES = 'ar bg zh hr cs da nl en et fi fr de el he hi hu id it ja ko lv lt no fa pl pt ro ru sr sk es sv tr uk ur vi'.split(' ')
const LANGUAGES: Record<string, string> = { ...Object.fromEntries(CODES.map(code => [nameOfCode('en', code).toUpperCase(), code])), SLOVENE: 'sl' }

/** The code of a language as Datashare writes it (ENGLISH), as models name theirs. */
export const languageCode = (name: string): string | undefined => LANGUAGES[name]

/** A language by its code, in the reader's words. */
export function nameOfCode(language: string, code: string): string {
  return once(`names-${language}`, () => new Intl.DisplayNames(language, { type: 'language' })).of(code) ?? code
}

/** A language as Datashare writes it (ENGLISH) in the reader's words; null where Datashare does not know it. */
export function languageName(language: string, name: string): string | null {
  if (name === '' || name === 'UNKNOWN') return null
  const code = LANGUAGES[name]
  return code ? nameOfCode(language, code) : `${name.charAt(0)}${name.slice(1).toLowerCase()}`
}

export function formatList(language: string, items: readonly string[]): string {
  return new Intl.ListFormat(language, { style: 'long', type: 'conjunction' }).format(items)
}

export type DocumentKind = 'email' | 'pdf' | 'text' | 'page' | 'word' | 'sheet' | 'slides' | 'image' | 'audio' | 'video' | 'other'

const KINDS: readonly (readonly [RegExp, DocumentKind])[] = [
  [/rfc822|ms-outlook|mbox/, 'email'],
  [/pdf/, 'pdf'],
  [/html/, 'page'],
  [/spreadsheet|ms-excel|csv/, 'sheet'],
  [/presentation|powerpoint/, 'slides'],
  [/wordprocessing|msword|opendocument\.text|rtf/, 'word'],
  [/^text\//, 'text'],
  [/^image\//, 'image'],
  [/^audio\//, 'audio'],
  [/^video\//, 'video'],
]

export function documentKind(contentType: string): DocumentKind {
  return KINDS.find(([pattern]) => pattern.test(contentType))?.[1] ?? 'other'
}

/** The folder of a document's path. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

export function ordinalRule(language: string, rank: number): Intl.LDMLPluralRule {
  return once(`ordinal-${language}`, () => new Intl.PluralRules(language, { type: 'ordinal' })).select(rank)
}

/** Not the joiners: Persian and Indic names need them. */
const HIDING = /[\p{Cc}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/gu

/** A name as it really is: controls that turn or hide parts of it (exe.fdp shown as pdf.exe) are made visible. */
export const visibleName = (name: string): string => name.replaceAll(HIDING, '\uFFFD')
