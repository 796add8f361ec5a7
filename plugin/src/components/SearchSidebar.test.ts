import { DOMWrapper, enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aDocument, anAnswer, aProject, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import SearchSidebar from './SearchSidebar.vue'
import SearchToggler from './SearchToggler.vue'

enableAutoUnmount(afterEach)

const page = new DOMWrapper(document.body)

async function openSidebar(indices = ['vault'], host = fakeCore({ indices })) {
  const reply = () => json(anAnswer([aDocument()]))
  const project = () => json(aProject({ languages: { ENGLISH: 8, FRENCH: 2, UNKNOWN: 1 } }))
  const companion = fakeCompanion({
    'POST /api/projects/vault/similar': reply, 'POST /api/projects/other/similar': reply, 'GET /api/projects/vault': project, 'GET /api/projects/other': project,
  })
  const questions = () => companion.calls.filter(({ method }) => method === 'POST')
  const toggler = await mountInPage(SearchToggler, { host })
  await mountInPage(SearchSidebar, { host })
  await toggler.find('button').trigger('click')
  await flushPromises()
  const ask = async (question: string) => {
    await page.find('textarea').setValue(question)
    await page.find('textarea').trigger('keydown', { key: 'Enter' })
    await flushPromises()
  }
  const press = async (label: string) => {
    await page.findAll('button').find(button => button.text() === label || button.attributes('aria-label') === label)?.trigger('click')
    await flushPromises()
  }
  return { companion, questions, host, toggler, ask, press }
}

describe('the query sidebar', () => {
  beforeEach(() => {
    document.body.innerHTML = '<main class="search__main"></main>'
    window.location.hash = ''
    sessionStorage.clear()
  })

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
    const { questions, ask } = await openSidebar()
    await ask('boats')

    await page.find('input[value=words]').setValue(true)
    await flushPromises()

    expect(questions().map(({ body }) => body)).toMatchObject([{ mode: 'hybrid' }, { mode: 'words' }])
  })

  it('asks one project at a time, the one that is chosen', async () => {
    const { questions, ask } = await openSidebar(['vault', 'other'])
    await ask('boats')

    await page.find('select').setValue('other')
    await flushPromises()

    expect(questions().map(({ url }) => url.pathname)).toEqual(['/api/projects/vault/similar', '/api/projects/other/similar'])
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
    const { toggler, ask, questions } = await openSidebar()
    await ask('boats')

    await page.find('aside').trigger('keydown', { key: 'Escape' })
    await flushPromises()
    expect(page.find('aside').exists()).toBe(false)
    expect(document.activeElement).toBe(toggler.find('button').element)
    await toggler.find('button').trigger('click')
    await flushPromises()

    expect(page.find('textarea').element.value).toBe('boats')
    expect(page.findAll('article')).toHaveLength(1)
    expect(questions()).toHaveLength(1)
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

  it('asks several questions at once', async () => {
    const { questions, ask, press } = await openSidebar()
    await ask('boats')

    await press('Another question')
    expect(document.activeElement).toBe(page.findAll('textarea')[1]?.element)
    await page.findAll('textarea')[1]?.setValue('houses')
    await press('Search')
    expect(questions().at(-1)?.body).toMatchObject({ queries: ['boats', 'houses'] })
    await press('Remove: Question 1')
    await press('Search')

    expect(questions().at(-1)?.body).toMatchObject({ queries: ['houses'] })
  })

  it('filters by kind, language, folder, dates and tags, and takes each of them back', async () => {
    const { questions, ask, press } = await openSidebar()
    await ask('boats')
    await press('Filters')

    await page.findAll('label').find(label => label.text() === 'E-mail')?.find('input').setValue(true)
    await page.findAll('label').find(label => label.text() === 'French')?.find('input').setValue(true)
    const fields = page.findAll('.form-control-sm')
    for (const [index, value] of ['/vault/inbox', '2014-01-01', '2015-12-31', 'Tax #boats'].entries()) {
      await fields[index]?.setValue(value)
      await fields[index]?.trigger('change')
    }
    await flushPromises()

    expect(questions().at(-1)?.body).toMatchObject({ filters: {
      contentType: ['message/rfc822', 'application/vnd.ms-outlook', 'application/mbox'], language: ['FRENCH'], path: '/vault/inbox',
      creationDate: { from: '2014-01-01', to: '2015-12-31' }, tags: ['tax', 'boats'],
    } })
    for (const chip of ['E-mail', 'French', '/vault/inbox', 'Jan 1, 2014 – Dec 31, 2015', '#tax', '#boats']) await press(`Remove: ${chip}`)
    expect(questions().at(-1)?.body).toMatchObject({ filters: {} })
  })

  it('takes over the filters of Datashare\'s search on request, and says which it cannot', async () => {
    const { questions, host, ask, press } = await openSidebar()
    await ask('boats')
    expect(page.text()).not.toContain('Use the filters of the search')
    host.search.values = { contentType: ['application/pdf'], creationDate: ['1388534400000:1420070399999'], path: ['/a', '/b'], starred: ['true'], language: ['ENGLISH'] }
    host.search.excludeFilters = ['language']
    await flushPromises()

    await press('Use the filters of the search')

    expect(questions().at(-1)?.body).toMatchObject({ filters: { contentType: ['application/pdf'], creationDate: { from: '2014-01-01', to: '2014-12-31' } } })
    expect(page.text()).toContain('Not taken over: path, starred, language')
  })

  it('keeps what was asked in the address while it is open', async () => {
    const { ask, press } = await openSidebar()
    await ask('boats')
    const { searchParams } = new URL(window.location.hash.slice(1), 'http://localhost')
    expect(JSON.parse(searchParams.get('similarity') ?? '')).toEqual({ project: 'vault', queries: ['boats'] })

    await press('Close')

    expect(window.location.hash).not.toContain('similarity')
  })

  it('opens the search of a link, of its own project though another is selected', async () => {
    const host = fakeCore({ indices: ['vault'] })
    const shared = { project: 'other', queries: ['boats'], like: [{ name: 'deed.pdf', example: { documentId: 'x' } }], filters: { language: ['FRENCH'] }, mode: 'meaning' }
    await host.router.push({ path: '/', query: { similarity: JSON.stringify(shared) } })
    const companion = fakeCompanion({ 'POST /api/projects/other/similar': () => json(anAnswer([aDocument()])), 'GET /api/projects/other': () => json(aProject()) })

    await mountInPage(SearchToggler, { host })
    await mountInPage(SearchSidebar, { host })

    expect(companion.calls[0]?.body).toMatchObject({ queries: ['boats'], like: [{ documentId: 'x' }], filters: { language: ['FRENCH'] }, mode: 'meaning' })
    expect(page.find('select').element.value).toBe('other')
    expect(page.text()).toContain('deed.pdf')
    await page.find('textarea').setValue('houses')
    await page.find('form').trigger('submit')
    await host.router.push({ path: '/ds/other/d1', query: host.router.currentRoute.value.query })
    await flushPromises()
    expect(page.find('textarea').element.value).toBe('houses')
  })

  it('hides a result in this session, and shows it again', async () => {
    const { ask, press } = await openSidebar()
    await ask('boats')

    await press('More actions')
    await press('Hide in this session')
    expect(page.findAll('article')).toHaveLength(0)
    expect(page.text()).toContain('One result is hidden.')
    await press('Show')

    expect(page.findAll('article')).toHaveLength(1)
  })

  it('searches by examples alone, and takes them back', async () => {
    const { questions, ask, press } = await openSidebar()
    await ask('boats')
    await press('More like this')
    await page.find('textarea').setValue('')
    await press('Search')
    expect(questions().at(-1)?.body).toMatchObject({ queries: [], like: [{ documentId: 'd1' }] })

    await press('Remove: nominees.eml')

    expect(questions()).toHaveLength(3)
    expect(page.findAll('article')).toHaveLength(0)
  })

  it('saves the results as a table', async () => {
    const { ask, press } = await openSidebar()
    const saved = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x')
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockReturnValue()
    await ask('boats')

    await press('Save these results as CSV')

    const [header, row] = (await (saved.mock.calls[0]?.[0] as Blob).text()).split('\r\n')
    expect(header?.slice(1)).toBe('Rank,Title,Path,Strength,Passage,Link,Seen,Question')
    expect(row).toMatch(/^1,nominees\.eml,\/vault\/inbox\/nominees\.eml,Strong,The nominees of Appleby signed\.,http.*passage=0-30,no,/)
  })
})
