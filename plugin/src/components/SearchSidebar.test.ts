import { DOMWrapper, enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aDocument, anAnswer, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import SearchSidebar from './SearchSidebar.vue'
import SearchToggler from './SearchToggler.vue'

enableAutoUnmount(afterEach)

const page = new DOMWrapper(document.body)

async function openSidebar(indices = ['vault']) {
  const reply = () => json(anAnswer([aDocument()]))
  const companion = fakeCompanion({ 'POST /api/projects/vault/similar': reply, 'POST /api/projects/other/similar': reply })
  const host = fakeCore({ indices })
  const toggler = await mountInPage(SearchToggler, { host })
  await mountInPage(SearchSidebar, { host })
  await toggler.find('button').trigger('click')
  await flushPromises()
  const ask = async (question: string) => {
    await page.find('textarea').setValue(question)
    await page.find('textarea').trigger('keydown', { key: 'Enter' })
    await flushPromises()
  }
  return { companion, host, toggler, ask }
}

describe('the query sidebar', () => {
  beforeEach(() => { document.body.innerHTML = '<main class="search__main"></main>' })

  it('stands beside the results of Datashare, ready to write into', async () => {
    await openSidebar()

    expect(page.find('.search__main aside').exists()).toBe(true)
    expect(document.activeElement).toBe(page.find('textarea').element)
  })

  it('searches on Enter, and writes a new line on Shift and Enter', async () => {
    const { companion, ask } = await openSidebar()
    await page.find('textarea').setValue('who hides "real estate"')
    await page.find('textarea').trigger('keydown', { key: 'Enter', shiftKey: true })
    expect(companion.calls).toEqual([])

    await ask('who hides "real estate"')

    expect(companion.calls[0]?.body).toMatchObject({ queries: ['who hides "real estate"'], mode: 'hybrid' })
    expect(page.findAll('article')).toHaveLength(1)
  })

  it('does not take the Enter that ends a composed character for a search', async () => {
    const { companion } = await openSidebar()
    await page.find('textarea').setValue('船')

    page.find('textarea').element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true }))
    await flushPromises()

    expect(companion.calls).toEqual([])
  })

  it('asks again when the mode changes', async () => {
    const { companion, ask } = await openSidebar()
    await ask('boats')

    await page.find('input[value=words]').setValue(true)
    await flushPromises()

    expect(companion.calls.map(({ body }) => body)).toMatchObject([{ mode: 'hybrid' }, { mode: 'words' }])
  })

  it('asks one project at a time, the one that is chosen', async () => {
    const { companion, ask } = await openSidebar(['vault', 'other'])
    await ask('boats')

    await page.find('select').setValue('other')
    await flushPromises()

    expect(companion.calls.map(({ url }) => url.pathname)).toEqual(['/api/projects/vault/similar', '/api/projects/other/similar'])
  })

  it('shows no choice of one', async () => {
    await openSidebar(['vault'])

    expect(page.find('select').exists()).toBe(false)
  })

  it('takes the project that is selected in the search', async () => {
    const { companion, host, ask } = await openSidebar(['vault'])
    host.search.indices = ['other']
    await flushPromises()

    await ask('boats')

    expect(companion.calls[0]?.url.pathname).toBe('/api/projects/other/similar')
  })

  it('says what is missing where no project is selected', async () => {
    await openSidebar([])

    expect(page.text()).toContain('Select a project in the search bar first.')
  })

  it('keeps the question and the results while it is closed, and gives the focus back', async () => {
    const { toggler, ask, companion } = await openSidebar()
    await ask('boats')

    await page.find('aside').trigger('keydown', { key: 'Escape' })
    await flushPromises()
    expect(page.find('aside').exists()).toBe(false)
    expect(document.activeElement).toBe(toggler.find('button').element)
    await toggler.find('button').trigger('click')
    await flushPromises()

    expect(page.find('textarea').element.value).toBe('boats')
    expect(page.findAll('article')).toHaveLength(1)
    expect(companion.calls).toHaveLength(1)
  })

  const shrinkScreen = () => vi.spyOn(window, 'matchMedia').mockReturnValue(Object.assign(new EventTarget(), { matches: true }) as MediaQueryList)

  it('makes way for the document that is opened from the drawer', async () => {
    shrinkScreen()
    const { ask } = await openSidebar()
    await ask('boats')

    await page.find('article h3 a').trigger('click')
    await flushPromises()

    expect(page.find('[role=dialog]').exists()).toBe(false)
  })

  it('is a drawer over the page on a small screen', async () => {
    shrinkScreen()

    await openSidebar()

    expect(page.find('[role=dialog]').attributes('aria-labelledby')).toBe(page.find('[role=dialog] h2').attributes('id'))
    expect(page.find('aside').exists()).toBe(false)
    expect(page.find('[role=dialog] .btn-close').attributes('aria-label')).toBe('Close')
  })
})
