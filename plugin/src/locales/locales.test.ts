import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { flushPromises, mount } from '@vue/test-utils'
import { ERRORS, type ErrorCode } from '@datashare-similarity/shared'
import { defineComponent, h } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useText } from '../composables/use-text.ts'
import { OWN_ERRORS } from '../api/problem.ts'
import { coreKey } from '../host/core.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { readTexts } from '../testing/texts.ts'
import { en } from './en.ts'
import { WORDED_ERRORS } from './worded-errors.ts'
import { addMessages, TRANSLATED } from './index.ts'

const leaves = (node: object, path = ''): [string, string][] => Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
  typeof value === 'object' && value !== null ? leaves(value, `${path}${key}.`) : [[`${path}${key}`, String(value)]])
const placeholders = (message: string) => [...new Set(message.match(/\{\w+\}/g))].sort()
const forms = (message: string) => message.split('|').length
const source = join(import.meta.dirname, '..')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
const written = files.filter(file => /\.(vue|ts)$/.test(file) && !file.endsWith('.test.ts'))
const english = new Map(leaves(en))
/** Errors that a reader can meet in the page. Their English words come with them; other languages have their own. */
const MET = [
  'anonymous', 'project_forbidden', 'role_too_low', 'role_unknown', 'not_your_task', 'origin_refused', 'host_refused', 'csrf_token_wrong',
  'cross_site_refused', 'task_unknown', 'document_unknown', 'passage_outside', 'filter_too_broad', 'chain_running', 'task_finished', 'generation_changed', 'rate_limited',
  'datashare_unreachable', 'embedder_unavailable', 'model_missing', 'model_tampered', 'model_changed', 'model_unknown', 'task_not_finished', 'temporal_unreachable', 'task_lost', 'disk_full', 'deadline_exceeded', 'shutting_down', ...WORDED_ERRORS,
] as const satisfies readonly ErrorCode[]
const errors = new Map(leaves({ errors: { ...Object.fromEntries(MET.map(code => [code, { why: ERRORS[code].why, fix: ERRORS[code].fix }])), ...OWN_ERRORS } }))
const inEnglish = new Map([...english, ...errors])

/** Keys that the source puts together: how they stand there, and which keys that makes. */
const FILLED_IN: readonly (readonly [string, RegExp])[] = [
  ['`${of}.searching`', /^(similar|search)\.searching$/],
  ['`${of}.countSoFar`', /^(similar|search)\.countSoFar$/],
  ['`${of}.count`', /^(similar|search)\.count$/],
  ['`${of}.empty`', /^(similar|search)\.empty$/],
  ['`${of}.emptyHint`', /^(similar|search)\.emptyHint$/],
  ['`compare.${', /^compare\.(pending|unread|different)$/],
  ['`coverage.${', /^coverage\.(vectorized|empty|failed|missing)$/],
  ['`csv.${', /^csv\.(rank|title|path|strength|passage|link|seen|question)$/],
  ['`document.kind.${', /^document\.kind\./],
  ['`documentState.${', /^documentState\./],
  ['`duration.${', /^duration\./],
  ['`examples.${', /^examples\.(like|unlike)$/],
  ['`filters.${', /^filters\.(from|to)$/],
  ['`loosen.${', /^loosen\./],
  ['`ordinal.${', /^ordinal\./],
  ['`projects.${', /^projects\./],
  ['`search.mode.${', /^search\.mode\./],
  ['`strength.${', /^strength\.(?!label)/],
  ['`tasks.${', /^tasks\.(details|cancel|resume|forget)$/],
  ['`tasks.columns.${', /^tasks\.columns\./],
  ['`tasks.state.${', /^tasks\.state\./],
  ['`vectorize.mode.${', /^vectorize\.mode\./],
  ['`vectorize.modeHint.${', /^vectorize\.modeHint\./],
  ['`vectorize.phase.${', /^vectorize\.phase\./],
  ['`vectorize.status.${', /^vectorize\.status\./],
  ['`vectorize.waitingFor.${', /^vectorize\.waitingFor\./],
  ['`${ROOT}.tasks.title`', /^tasks\.title$/],
]

describe('the texts of the plugin', () => {
  it('have a file in each of Datashare\'s languages', () => {
    expect(readdirSync(join(source, '../public/locales')).sort()).toEqual(TRANSLATED.map(language => `${language}.json`))
  })

  it.each(TRANSLATED)('are the same in English and %s: keys, the values set into them, forms of the plural', async (language) => {
    const translated = new Map(leaves(await readTexts(language)))

    expect([...translated.keys()].sort()).toEqual([...inEnglish.keys()].sort())
    expect(translated.get('language')).toBe(language)
    for (const [key, message] of inEnglish) {
      const other = translated.get(key) ?? ''
      expect([key, placeholders(other), forms(other)]).toEqual([key, placeholders(message), forms(message)])
      expect(other.trim()).not.toBe('')
    }
  })

  it.each(['en', ...TRANSLATED])('are read by Datashare\'s translator without a warning in %s', async (locale) => {
    const warn = vi.spyOn(console, 'warn')
    const { core } = fakeCore({ locale })
    await addMessages(core, readTexts)

    for (const key of english.keys()) {
      for (const count of [0, 1, 2]) expect(core.i18n.global.t(`similarity.${key}`, { count: '2' }, count)).not.toMatch(/^(similarity\..*)?$/)
    }
    expect(warn).not.toHaveBeenCalled()
  })

  it('are all used', () => {
    const texts = written.filter(file => !file.startsWith('locales')).map(file => readFileSync(join(source, file), 'utf8')).join('\n')
    const filledIn = FILLED_IN.filter(([template]) => texts.includes(template)).map(([, keys]) => keys)

    expect(FILLED_IN.filter(([template]) => !texts.includes(template))).toEqual([])
    expect([...english.keys()].filter(key => !texts.includes(`'${key}'`) && !filledIn.some(keys => keys.test(key)))).toEqual([])
  })

  it.each(files.filter(file => file.endsWith('.vue')))('stand in no template: %s', (file) => {
    const template = /<template>([\s\S]*)<\/template>/.exec(readFileSync(join(source, file), 'utf8'))?.[1] ?? ''
    const withoutTags = template.replace(/<!--[\s\S]*?-->/g, '').replace(/\{\{[\s\S]*?\}\}/g, '').replace(/<\/?[a-zA-Z](?:[^>"]|"[^"]*")*>/g, '')

    expect(withoutTags.match(/\p{L}+/gu)).toBeNull()
    expect(template.match(/\s(?:aria-label|title|placeholder|label|alt)="/g)).toBeNull()
  })

  it('are never shown as HTML', () => {
    for (const file of written) expect(readFileSync(join(source, file), 'utf8')).not.toMatch(/v-html|innerHTML|insertAdjacentHTML/)
  })
})

describe('a language of the page', () => {
  const Shown = defineComponent({
    setup() {
      const { t, number, counted } = useText()
      return () => h('p', `${t('close')}, ${number(1234.5)}, ${counted('filters.count', 2)}`)
    },
  })
  const show = ({ core, i18n }: ReturnType<typeof fakeCore>) => mount(Shown, { global: { plugins: [i18n], provide: { [coreKey]: core } } })

  beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue())

  it('joins only once Datashare has loaded and chosen it, and numbers follow', async () => {
    const host = fakeCore()
    const load = vi.fn(readTexts)
    await addMessages(host.core, load)
    const page = show(host)
    expect(host.i18n.global.getLocaleMessage('de')).toEqual({})
    expect(load).not.toHaveBeenCalled()

    host.i18n.global.setLocaleMessage('de', { native: 'ja' })
    host.core.i18n.global.locale.value = 'de'
    await flushPromises()

    expect(page.text()).toBe('Schließen, 1.235, 2 Filter')
    expect(host.core.i18n.global.t('native', {})).toBe('ja')
  })

  it('reads English, with English numbers, until its texts come', async () => {
    const host = fakeCore({ locale: 'de' })
    const texts = Promise.withResolvers<object>()
    const added = addMessages(host.core, () => texts.promise)
    const page = show(host)
    expect(page.text()).toBe('Close, 1,235, 2 filters')

    texts.resolve(await readTexts('de'))
    await added
    await flushPromises()

    expect(page.text()).toBe('Schließen, 1.235, 2 Filter')
  })

  it('reads English where its texts do not come', async () => {
    const host = fakeCore({ locale: 'ja' })
    await addMessages(host.core, () => Promise.resolve(null))

    expect(show(host).text()).toBe('Close, 1,235, 2 filters')
  })

  it('does not join once another is chosen', async () => {
    const { core, i18n } = fakeCore()
    const texts = Promise.withResolvers<object>()
    await addMessages(core, () => texts.promise)

    core.i18n.global.locale.value = 'fr'
    core.i18n.global.locale.value = 'en'
    texts.resolve(await readTexts('fr'))
    await flushPromises()

    expect(i18n.global.getLocaleMessage('fr')).toEqual({})
  })

  it('is asked for once, however often it is chosen; one that is not translated never', async () => {
    const { core } = fakeCore()
    const load = vi.fn(readTexts)
    await addMessages(core, load)

    for (const locale of ['es', 'en', 'es', 'ach', 'zh', '../es', 'es']) {
      core.i18n.global.locale.value = locale
      await flushPromises()
    }

    expect(load.mock.calls).toEqual([['es'], ['zh']])
    expect(core.i18n.global.t('similarity.close', {})).toBe('Cerrar')
  })
})

describe('fetching a language', () => {
  beforeEach(() => vi.resetModules())
  afterEach(() => Reflect.deleteProperty(document, 'currentScript'))

  async function fetchFrom(answer: () => Promise<Response>) {
    const script = Object.assign(document.createElement('script'), { src: 'https://datashare.example/plugins/similarity-1.0.0/dist/index.umd.js' })
    Object.defineProperty(document, 'currentScript', { value: script, configurable: true })
    const fetching = vi.fn<(url: URL) => Promise<Response>>(answer)
    vi.stubGlobal('fetch', fetching)
    const { fetchTexts } = await import('./fetch-texts.ts')
    return { texts: await fetchTexts('fr'), asked: fetching.mock.calls.map(([url]) => url.href) }
  }

  it('takes the file beside the script', async () => {
    expect(await fetchFrom(() => Promise.resolve(Response.json({ close: 'Fermer' })))).toEqual({
      texts: { close: 'Fermer' },
      asked: ['https://datashare.example/plugins/similarity-1.0.0/dist/locales/fr.json'],
    })
  })

  it.each<[string, () => Promise<Response>]>([
    ['an error', () => Promise.resolve(Response.json({ close: 'Fermer' }, { status: 404 }))],
    ['a page', () => Promise.resolve(new Response('<!doctype html>'))],
    ['a list', () => Promise.resolve(Response.json(['Fermer']))],
    ['a word', () => Promise.resolve(Response.json('Fermer'))],
    ['null', () => Promise.resolve(Response.json(null))],
    ['nothing', () => Promise.reject(new TypeError('Failed to fetch'))],
  ])('does without where %s comes', async (_what, answer) => {
    expect((await fetchFrom(answer)).texts).toBeNull()
  })

  it('asks nobody where the script does not know its place', async () => {
    const fetching = vi.fn()
    vi.stubGlobal('fetch', fetching)
    const { fetchTexts } = await import('./fetch-texts.ts')

    expect(await fetchTexts('fr')).toBeNull()
    expect(fetching).not.toHaveBeenCalled()
  })
})
