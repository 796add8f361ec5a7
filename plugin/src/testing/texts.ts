import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The texts of a language from its file, as the page gets them. */
export function readTexts(language: string): Promise<object> {
  return Promise.resolve(JSON.parse(readFileSync(join(import.meta.dirname, `../../public/locales/${language}.json`), 'utf8')) as object)
}
