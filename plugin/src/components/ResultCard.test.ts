import { enableAutoUnmount } from '@vue/test-utils'
import type { SimilarDocument } from '@datashare-similarity/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { aDocument } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import ResultCard from './ResultCard.vue'

enableAutoUnmount(afterEach)

const mountCard = (part: Partial<SimilarDocument> = {}, host = fakeCore()) => mountInPage(ResultCard, { props: { project: 'vault', result: aDocument(part) }, host })

describe('the card of a result', () => {
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

  it('puts the passage of the open document beside the one it resembles', async () => {
    const matches = { documentId: 'open', start: 5, end: 20, text: 'Our nominees sign.' }

    const wrapper = await mountCard({ passages: [{ start: 0, end: 9, text: 'Nominees.', highlights: [], sharedTerms: [], matches }] })

    expect(wrapper.findAll('dt').map(term => term.text())).toEqual(['In this document', '↔ In that document'])
    expect(wrapper.findAll('dd').map(passage => passage.text())).toEqual(['Our nominees sign.', 'Nominees.'])
  })

  it('shows the best passage in short, and all of them in full when asked', async () => {
    const passage = (text: string, start: number) => ({ start, end: start + 5, text, highlights: [], sharedTerms: [] })
    const wrapper = await mountCard({ passages: [passage('word '.repeat(200), 0), passage('second', 900)] })
    expect(wrapper.text()).not.toContain('second')

    await wrapper.find('button').trigger('click')

    expect(wrapper.text()).toContain('second')
    expect(wrapper.find('button').attributes('aria-expanded')).toBe('true')
  })

  it('folds the copies, and lists every one of them', async () => {
    const duplicates = ['a', 'b', 'c'].map(id => ({ documentId: id, rootId: id, title: `${id}.eml`, path: `/vault/${id}.eml`, similarity: id === 'a' ? 1 : 0.99 }))
    const wrapper = await mountCard({ duplicates })
    const toggle = wrapper.findAll('button').at(-1)
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

    expect(host.router.currentRoute.value).toMatchObject({ name: 'document', params: { index: 'vault', id: 'd1', routing: 'root1' }, query: { modal: 'true' } })
  })

  it('names a document without a title', async () => {
    expect((await mountCard({ title: '' })).find('h3').text()).toBe('Untitled document')
  })

  it('speaks French in a French page', async () => {
    const wrapper = await mountCard({}, fakeCore({ locale: 'fr' }))

    expect(wrapper.findAll('.badge').map(chip => chip.text())).toEqual(['Courriel', '2 mars 2014', 'anglais'])
    expect(wrapper.text()).toContain('proche par le sens (3e)')
  })
})
