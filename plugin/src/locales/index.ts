import { watch } from 'vue'
import type { Core } from '../host/core.ts'
import { en } from './en.ts'
import { fetchTexts } from './fetch-texts.ts'

/** Key under which all of the plugin's texts stand among Datashare's. */
export const ROOT = 'similarity'

/** Languages with a file of texts. English is in the script itself. */
export const TRANSLATED = ['de', 'es', 'fr', 'ja', 'zh'] as const

/**
 * Adds the plugin's texts to Datashare's. English is its fallback and always there; any other language is fetched, and
 * added, only once it is the active one: Datashare takes a language that already has messages for loaded and would skip
 * its own. Resolves when the language of the moment is there, or cannot be had.
 */
export function addMessages({ i18n: { global } }: Core, load = fetchTexts): Promise<void> {
  const loads = new Map<string, Promise<object | null>>()

  async function follow(locale: string): Promise<void> {
    if (!TRANSLATED.some(language => language === locale)) return
    const loading = loads.get(locale) ?? load(locale)
    loads.set(locale, loading)
    const texts = await loading
    if (texts && global.locale.value === locale) global.mergeLocaleMessage(locale, { [ROOT]: texts })
  }

  global.mergeLocaleMessage('en', { [ROOT]: en })
  watch(() => global.locale.value, follow, { flush: 'sync' })
  return follow(global.locale.value)
}
