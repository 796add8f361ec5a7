import { catalogued, isCatalogued } from '../api/problem.ts'
import { useCore } from '../host/core.ts'
import { ROOT } from '../locales/index.ts'
import type { Messages } from '../locales/en.ts'
import { durationRange, formatBytes, formatDate, formatElapsed, formatList, formatMoment, formatNumber, formatPercent, languageName, nameOfCode, ordinalRule } from '../text/format.ts'

type KeyOf<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${KeyOf<T[K]>}` }[keyof T & string]
export type MessageKey = KeyOf<Messages>

interface ErrorWords { readonly why: string, readonly fix: string }

/** The plugin's words, numbers and dates in the language of the page; they change with it. */
export function useText() {
  const { global } = useCore().i18n

  function t(key: MessageKey, named: Record<string, string> = {}, plural?: number): string {
    const path = `${ROOT}.${key}`
    return plural === undefined ? global.t(path, named) : global.t(path, named, plural)
  }
  /** The language of the texts themselves: where Datashare's is not translated, the English ones get English numbers. */
  const language = () => t('language')
  const number = (value: number) => formatNumber(language(), value)

  /** An error in the reader's language where there are words for it, else in those that it came with. */
  function errorText(error: ErrorWords & { readonly code: string }): ErrorWords {
    const path = `${ROOT}.errors.${error.code}`
    return global.te(`${path}.why`) ? { why: global.t(`${path}.why`, {}), fix: global.t(`${path}.fix`, {}) } : error
  }

  return {
    t,
    errorText,
    /** Why a document failed. */
    whyFailed: (code: string | null) => errorText(catalogued(isCatalogued(code) ? code : 'document_failed')).why,
    number,
    /** A counted thing: its text has plural forms and the placeholder {count}. */
    counted: (key: MessageKey, count: number) => t(key, { count: number(count) }, count),
    percent: (share: number) => formatPercent(language(), share),
    date: (iso: string | null) => formatDate(language(), iso),
    bytes: (bytes: number) => formatBytes(language(), bytes),
    moment: (iso: string | null) => formatMoment(language(), iso),
    elapsed: (seconds: number) => formatElapsed(language(), seconds),
    list: (items: readonly string[]) => formatList(language(), items),
    /** Languages by their codes; a star stands for many. */
    languages: (codes: readonly string[]) => (codes.includes('*') ? t('model.everyLanguage') : formatList(language(), codes.map(code => nameOfCode(language(), code)))),
    ordinal: (rank: number) => t(`ordinal.${ordinalRule(language(), rank)}`, { rank: number(rank) }),
    languageName: (name: string) => languageName(language(), name),
    duration: (seconds: readonly [number, number]) => {
      const { unit, range, most } = durationRange(language(), seconds)
      return t(`duration.${unit}`, { range }, most)
    },
  }
}
