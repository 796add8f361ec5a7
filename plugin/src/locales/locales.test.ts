import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nextTick } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { fakeCore } from '../testing/fake-core.ts'
import { en } from './en.ts'
import { fr } from './fr.ts'
import { addMessages } from './index.ts'

const leaves = (node: object, path = ''): [string, string][] => Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
  typeof value === 'object' && value !== null ? leaves(value, `${path}${key}.`) : [[`${path}${key}`, String(value)]])
const placeholders = (message: string) => [...new Set(message.match(/\{\w+\}/g))].sort()
const source = join(import.meta.dirname, '..')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })

describe('the texts of the plugin', () => {
  const english = new Map(leaves(en))
  const french = new Map(leaves(fr))

  it('are the same in English and French: keys, and the values set into them', () => {
    expect([...french.keys()]).toEqual([...english.keys()])
    for (const [key, message] of english) expect([key, placeholders(french.get(key) ?? '')]).toEqual([key, placeholders(message)])
  })

  it('are read by Datashare\'s translator without a warning', () => {
    const warn = vi.spyOn(console, 'warn')
    const { core } = fakeCore({ locale: 'fr' })
    addMessages(core)

    for (const key of english.keys()) {
      expect(core.i18n.global.t(`similarity.${key}`, { count: '2' }, 2)).not.toBe(`similarity.${key}`)
    }
    expect(warn).not.toHaveBeenCalled()
  })

  it('join a language only once Datashare has loaded and chosen it', async () => {
    const { core, i18n } = fakeCore()
    addMessages(core)
    expect(i18n.global.getLocaleMessage('fr')).toEqual({})

    i18n.global.setLocaleMessage('fr', { native: 'oui' })
    Object.assign(i18n.global.locale, { value: 'fr' })
    await nextTick()

    expect(core.i18n.global.t('similarity.close', {})).toBe('Fermer')
    expect(core.i18n.global.t('native', {})).toBe('oui')
  })

  it('fall back to English in a language without a translation', () => {
    vi.spyOn(console, 'warn').mockReturnValue()
    const { core } = fakeCore({ locale: 'ja' })
    addMessages(core)

    expect(core.i18n.global.t('similarity.close', {})).toBe('Close')
  })

  it.each(files.filter(file => file.endsWith('.vue')))('stand in no template: %s', (file) => {
    const template = /<template>([\s\S]*)<\/template>/.exec(readFileSync(join(source, file), 'utf8'))?.[1] ?? ''
    const withoutTags = template.replace(/<!--[\s\S]*?-->/g, '').replace(/\{\{[\s\S]*?\}\}/g, '').replace(/<\/?[a-zA-Z](?:[^>"]|"[^"]*")*>/g, '')

    expect(withoutTags.match(/\p{L}+/gu)).toBeNull()
    expect(template.match(/\s(?:aria-label|title|placeholder|label|alt)="/g)).toBeNull()
  })

  it('are never shown as HTML', () => {
    for (const file of files.filter(name => name.endsWith('.vue') || (name.endsWith('.ts') && !name.endsWith('.test.ts')))) {
      expect(readFileSync(join(source, file), 'utf8')).not.toMatch(/v-html|innerHTML|insertAdjacentHTML/)
    }
  })
})
