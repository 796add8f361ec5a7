import { createI18n } from 'vue-i18n'
import { en } from '../locales/en.ts'
import { fr } from '../locales/fr.ts'

const KEY = 'locale'
export const LOCALES = [{ code: 'en', name: 'English' }, { code: 'fr', name: 'Français' }] as const
export type LocaleCode = (typeof LOCALES)[number]['code']

function initialLocale(): LocaleCode {
  const wanted = localStorage.getItem(KEY) ?? navigator.language.slice(0, 2)
  return LOCALES.find(({ code }) => code === wanted)?.code ?? 'en'
}

export const i18n = createI18n({ legacy: false, locale: initialLocale(), fallbackLocale: 'en', messages: { en, fr } })
document.documentElement.lang = i18n.global.locale.value

export function setLocale(code: LocaleCode): void {
  i18n.global.locale.value = code
  document.documentElement.lang = code
  localStorage.setItem(KEY, code)
}
