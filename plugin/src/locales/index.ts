import { watch } from 'vue'
import type { Core } from '../host/core.ts'
import { en, type Messages } from './en.ts'
import { fr } from './fr.ts'

/** Key under which all of the plugin's texts stand among Datashare's. */
export const ROOT = 'similarity'

const translations: Record<string, Messages> = { fr }

/**
 * Adds the plugin's texts to Datashare's. English is its fallback and always there; any other language is added only
 * once it is the active one: Datashare takes a language that already has messages for loaded and would skip its own.
 */
export function addMessages({ i18n: { global } }: Core): void {
  global.mergeLocaleMessage('en', { [ROOT]: en })
  watch(() => global.locale.value, (locale) => {
    const messages = translations[locale]
    if (messages) global.mergeLocaleMessage(locale, { [ROOT]: messages })
  }, { immediate: true, flush: 'sync' })
}
