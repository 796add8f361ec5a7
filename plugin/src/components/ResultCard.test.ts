import { enableAutoUnmount, flushPromises, type VueWrapper } from '@vue/test-utils'
import type { SimilarDocument } from '@datashare-similarity/shared'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApi } from '../api/client.ts'
import { createSimilarSearch } from '../stores/similar-search.ts'
import { aDocument, anAnswer, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { COMPANION, mountInPage } from '../testing/mount.ts'
import ResultCard from './ResultCard.vue'

enableAutoUnmount(afterEach)

const mountCard = (part: Partial<SimilarDocument> = {}, host = fakeCore(), search = createSimilarSearch(createApi(COMPANION))) =>
  mountInPage(ResultCard, { props: { project: 'vault', result: aDocument(part), search }, host })
const icon = (wrapper: VueWrapper, label: string) => wrapper.find(`button[aria-label="${label}"]`)
const choose = async (wrapper: VueWrapper, item: string) => {
  await icon(wrapper, 'More actions').trigger('click')
  await wrapper.findAll('.dropdown-item').find(entry => entry.text() === item)?.trigger('click')
  await flushPromises()
}

describe('the card of a result', () => {
  beforeEach(() => sessionStorage.clear())

  it('tells what the document is, and where it lies', async () => {
    const wrapper = await mountCard()

    expect(wrapper.find('h3').text()).toBe('nominees.eml')
    expect(wrapper.findAll('.badge').map(chip => chip.text())).toEqual(['E-mail', 'Mar 2, 2014', 'English'])
    expect(wrapper.text()).toContain('/vault/inbox')
  })

  it('says why it is there', async () => {
    const wrapper = await mountCard({ ranks: { meaning: 3, words: 41, document: 1 } })

    expect(wrapper.text()).toContain('close in meaning (3rd) · shares words (41st) · shares words over the whole document (1st) · shares: Appleby')
  })

  it.each([
    { strength: 'near-identical', words: 'Near-identical', steps: 4 },
    { strength: 'strong', words: 'Strong', steps: 3 },
    { strength: 'related', words: 'Related', steps: 2 },
    { strength: 'weak', words: 'Weak', steps: 1 },
    { strength: 'words', words: 'Exact words', steps: 0 },
  ] as const)('says $strength in words, beside $steps of four steps', async ({ strength, words, steps }) => {
    const wrapper = await mountCard({ strength })

    expect(wrapper.find('.similarity-strength').text()).toBe(`Strength of the match: ${words}`)
    expect(wrapper.findAll('.similarity-strength__step--filled')).toHaveLength(steps)
  })

  it('S26: marks the highlights, and shows markup of a document as the text it is', async () => {
    const text = 'See <img src=x onerror=alert(1)> 😀 Appleby'
    const at = text.indexOf('Appleby')

    const wrapper = await mountCard({ passages: [{ start: 0, end: text.length, text, highlights: [[at, at + 7]], sharedTerms: [] }] })

    expect(wrapper.findAll('mark').map(mark => mark.text())).toEqual(['Appleby'])
    expect(wrapper.find('img').exists()).toBe(false)
    expect(wrapper.text()).toContain('<img src=x onerror=alert(1)>')
  })

  it.each([
    { open: 'the open document', opened: { id: 'open', index: 'vault' }, label: 'In this document' },
    { open: 'another document', opened: { id: 'other', index: 'vault' }, label: 'In the compared document' },
  ])('puts the passage that it resembles beside its own, and says whose it is while $open is open', async ({ opened, label }) => {
    const matches = { documentId: 'open', start: 5, end: 20, text: 'Our nominees sign.' }

    const wrapper = await mountCard({ passages: [{ start: 0, end: 9, text: 'Nominees.', highlights: [], sharedTerms: [], matches }] }, fakeCore({ document: opened }))

    expect(wrapper.findAll('dt').map(term => term.text())).toEqual([label, '↔ In that document'])
    expect(wrapper.findAll('dd').map(passage => passage.text())).toEqual(['Our nominees sign.', 'Nominees.'])
  })

  it('shows the best passage in short, and all of them in full when asked', async () => {
    const passage = (text: string, start: number) => ({ start, end: start + 5, text, highlights: [], sharedTerms: [] })
    const wrapper = await mountCard({ passages: [passage('word '.repeat(200), 0), passage('second', 900)] })
    expect(wrapper.text()).not.toContain('second')

    const button = wrapper.find('button.btn-link')
    await button.trigger('click')

    expect(wrapper.text()).toContain('second')
    expect(button.attributes('aria-expanded')).toBe('true')
  })

  it('folds the copies, and lists every one of them', async () => {
    const duplicates = ['a', 'b', 'c'].map(id => ({ documentId: id, rootId: id, title: `${id}.eml`, path: `/vault/${id}.eml`, similarity: id === 'a' ? 1 : 0.99 }))
    const wrapper = await mountCard({ duplicates })
    const toggle = wrapper.findAll('button').find(button => button.text().startsWith('+3'))
    expect(toggle?.text()).toBe('+3 near-identical copies')
    expect(toggle?.attributes('aria-expanded')).toBe('false')

    await toggle?.trigger('click')

    expect(toggle?.attributes('aria-expanded')).toBe('true')
    expect(wrapper.findAll('li a').map(link => link.text())).toEqual(['a.eml', 'b.eml', 'c.eml'])
    expect(wrapper.findAll('li span').map(part => part.text())).toEqual(['· same text', '· nearly the same text', '· nearly the same text'])
  })

  it('opens the document with the routing of its root, in the view where the reader is', async () => {
    const host = fakeCore()
    await host.router.push('/d/vault/open?modal=true')
    const wrapper = await mountCard({}, host)

    await wrapper.find('h3 a').trigger('click')
    await host.router.isReady()
    await new Promise(resolve => host.router.afterEach(resolve))

    expect(host.router.currentRoute.value).toMatchObject({ name: 'document', params: { index: 'vault', id: 'd1', routing: 'root1' }, query: { modal: 'true', tab: 'text', passage: '0-30' } })
  })

  it('names a document without a title', async () => {
    expect((await mountCard({ title: '' })).find('h3').text()).toBe('Untitled document')
  })

  it('speaks French in a French page', async () => {
    const wrapper = await mountCard({}, fakeCore({ locale: 'fr' }))

    expect(wrapper.findAll('.badge').map(chip => chip.text())).toEqual(['Courriel', '2 mars 2014', 'anglais'])
    expect(wrapper.text()).toContain('proche par le sens (3e)')
  })

  it('becomes an example of what is looked for, or of what is not', async () => {
    const { asked } = fakeCompanion({ 'POST /api/projects/vault/similar': () => json(anAnswer([])) })
    const search = createSimilarSearch(createApi(COMPANION))
    search.criteria.queries = ['boats']
    await search.ask('vault')
    const wrapper = await mountCard({}, fakeCore(), search)

    await icon(wrapper, 'More like this').trigger('click')
    await icon(wrapper, 'Not like this').trigger('click')
    await flushPromises()

    expect(asked('POST /api/projects/vault/similar').map(({ body }) => body)).toMatchObject([
      { like: [], unlike: [] }, { like: [{ documentId: 'd1' }], unlike: [] }, { like: [], unlike: [{ documentId: 'd1' }] },
    ])
  })

  it('is starred as Datashare stars', async () => {
    const host = fakeCore()
    const wrapper = await mountCard({}, host)
    expect(icon(wrapper, 'Star').attributes('aria-pressed')).toBe('false')

    await icon(wrapper, 'Star').trigger('click')

    expect([...host.starred]).toEqual(['vault/d1'])
    expect(icon(wrapper, 'Star').attributes('aria-pressed')).toBe('true')
  })

  it('is tagged as Datashare tags: shows the tags, adds words and takes them away', async () => {
    const documents = '/api/vault/documents'
    const host = fakeCore({ answers: { [`${documents}/tags/d1`]: [{ label: 'tax' }], [`${documents}/batchUpdate/tag`]: '', [`${documents}/batchUpdate/untag`]: '' } })
    const wrapper = await mountCard({}, host)
    await choose(wrapper, 'Tags')

    await wrapper.find('form input').setValue('boats doctors')
    await wrapper.find('form').trigger('submit')
    await flushPromises()
    await icon(wrapper, 'Remove: tax').trigger('click')
    await flushPromises()

    expect(wrapper.findAll('form li').map(tag => tag.text())).toEqual(['boats', 'doctors'])
    expect(host.sent.slice(1)).toEqual([
      { url: `${documents}/batchUpdate/tag`, data: { docIds: ['d1'], tags: ['boats'] } },
      { url: `${documents}/batchUpdate/tag`, data: { docIds: ['d1'], tags: ['doctors'] } },
      { url: `${documents}/batchUpdate/untag`, data: { docIds: ['d1'], tags: ['tax'] } },
    ])
  })

  it('says that tags were not taken', async () => {
    const wrapper = await mountCard()

    await choose(wrapper, 'Tags')

    expect(wrapper.find('[role=alert]').text()).toBe('Datashare did not take the tags.')
  })

  it('has neither star nor tags where this Datashare cannot be asked for them', async () => {
    const wrapper = await mountCard({}, fakeCore({ hasStars: false, answers: null }))
    await icon(wrapper, 'More actions').trigger('click')

    expect(icon(wrapper, 'Star').exists()).toBe(false)
    expect(wrapper.findAll('.dropdown-item').map(item => item.text())).toEqual(['Open in a new tab', 'Copy the link', 'Hide in this session'])
  })

  it('opens in a new tab, and its link can be copied: both lead to the passage', async () => {
    const writeText = vi.fn(() => Promise.resolve())
    vi.stubGlobal('navigator', { clipboard: { writeText } })
    const wrapper = await mountCard()
    await icon(wrapper, 'More actions').trigger('click')
    const address = wrapper.find('a.dropdown-item').attributes('href')
    expect(address).toMatch(/^http.*\/ds\/vault\/d1\/root1\?tab=text&passage=0-30$/)
    await icon(wrapper, 'More actions').trigger('click')

    await choose(wrapper, 'Copy the link')

    expect(writeText).toHaveBeenCalledWith(address)
  })

  it('closes its menu with Escape, alone, and gives the focus back', async () => {
    const wrapper = await mountCard()
    await icon(wrapper, 'More actions').trigger('click')
    await flushPromises()
    expect(document.activeElement?.textContent).toBe('Open in a new tab')
    await wrapper.find('.dropdown-item').trigger('keydown', { key: 'ArrowDown' })
    expect(document.activeElement?.textContent).toBe('Copy the link')

    await wrapper.find('.dropdown-item').trigger('keydown', { key: 'Escape' })
    await flushPromises()

    expect(wrapper.find('.dropdown-menu').exists()).toBe(false)
    expect(document.activeElement).toBe(icon(wrapper, 'More actions').element)
  })

  it('says whether it was seen, and whether it is the one that is open', async () => {
    const host = fakeCore()
    const wrapper = await mountCard({}, host)
    expect(wrapper.text()).not.toContain('Seen')

    host.open({ id: 'd1', index: 'vault' })
    await flushPromises()
    expect(wrapper.find('article').attributes('aria-current')).toBe('true')
    expect(wrapper.text()).toContain('Open now')
    host.open({ id: 'other', index: 'vault' })
    await flushPromises()

    expect(wrapper.text()).toContain('Seen')
  })
})
