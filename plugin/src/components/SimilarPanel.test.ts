import { DOMWrapper, enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aDocument, anAnswer, aProject, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore, type FakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import SelectionSearch from './SelectionSearch.vue'
import SimilarPanel from './SimilarPanel.vue'
import SimilarToggler from './SimilarToggler.vue'

enableAutoUnmount(afterEach)

const SIMILAR = 'POST /api/projects/vault/similar'
const open = { id: 'open', index: 'vault', title: 'open.eml' }
const next = { id: 'next', index: 'vault', title: 'next.pdf' }

async function openDocument(host: FakeCore = fakeCore({ document: open })) {
  const companion = fakeCompanion({ [SIMILAR]: ({ body }) => json(anAnswer([aDocument({ title: `like ${JSON.stringify(body).includes('"next"') ? 'next' : 'open'}` })])), 'GET /api/projects/vault': () => json(aProject()) })
  await host.router.push('/d/vault/open')
  const panel = await mountInPage(SimilarPanel, { props: { document: open }, host })
  const toggler = await mountInPage(SimilarToggler, { host })
  const toggle = async () => {
    await toggler.find('button').trigger('click')
    await flushPromises()
  }
  const change = async (document: { id: string, index: string }) => {
    host.open(document)
    await panel.setProps({ document })
    await flushPromises()
  }
  const press = async (label: string) => {
    await panel.findAll('button').find(button => button.text() === label || button.attributes('aria-label') === label)?.trigger('click')
    await flushPromises()
  }
  return { host, panel, toggler, toggle, change, press, companion }
}

describe('the Similar panel', () => {
  beforeEach(() => sessionStorage.clear())

  it('asks nothing until it is opened', async () => {
    const { companion, panel } = await openDocument()

    expect(companion.calls).toEqual([])
    expect(panel.find('section').exists()).toBe(false)
  })

  it('shows what resembles the open document, without its family', async () => {
    const { companion, panel, toggle } = await openDocument()

    await toggle()

    expect(companion.asked(SIMILAR)[0]?.body).toMatchObject({ like: [{ documentId: 'open' }], filters: { excludeFamilyOf: 'open' } })
    expect(panel.find('h3').text()).toBe('like open')
    expect(panel.text()).toContain('To open.eml')
  })

  it('lists the copies of the open document, which are not among its results', async () => {
    const { companion, panel, toggle } = await openDocument()
    companion.routes[SIMILAR] = () => json(anAnswer([], { copies: ['a', 'b'].map(id => ({ documentId: id, rootId: id, title: `${id}.eml`, path: `/vault/${id}.eml`, similarity: 0.9 })) }))

    await toggle()
    const copies = panel.findAll('button').find(button => button.text() === 'This document has 2 near-identical copies')
    await copies?.trigger('click')

    expect(copies?.attributes('aria-expanded')).toBe('true')
    expect(panel.findAll('li a').map(link => link.text())).toEqual(['a.eml', 'b.eml'])
  })

  it('searches by both, meaning or words, and through the filters of the sidebar', async () => {
    const { companion, panel, toggle, press } = await openDocument()
    await toggle()

    await panel.find('input[value=words]').setValue()
    await flushPromises()
    expect(companion.asked(SIMILAR).at(-1)?.body).toMatchObject({ like: [{ documentId: 'open' }], mode: 'words' })

    await press('Filters')
    await panel.findAll('label').find(label => label.text() === 'PDF')?.find('input').setValue(true)
    await flushPromises()
    expect(companion.asked(SIMILAR).at(-1)?.body).toMatchObject({ mode: 'words', filters: { contentType: ['application/pdf'], excludeFamilyOf: 'open' } })
  })

  it('is called Similar, and tells whether it is open', async () => {
    const { toggler, toggle } = await openDocument()
    expect(toggler.text()).toBe('Similar')
    expect(toggler.attributes('aria-expanded')).toBe('false')

    await toggle()

    expect(toggler.attributes('aria-expanded')).toBe('true')
  })

  it('follows the open document, though Datashare closes every card with it', async () => {
    const { panel, toggle, change } = await openDocument()
    await toggle()

    await change(next)

    expect(panel.find('h3').text()).toBe('like next')
  })

  it('makes way for the document that was opened where it would cover it', async () => {
    const shrunk = vi.spyOn(window, 'matchMedia').mockReturnValue(Object.assign(new EventTarget(), { matches: true }) as MediaQueryList)
    const { panel, toggle, change } = await openDocument()
    shrunk.mockRestore()
    await toggle()

    await change(next)

    expect(panel.find('section').exists()).toBe(false)
  })

  it('comes back to a document without a new search', async () => {
    const { panel, toggle, change, companion } = await openDocument()
    await toggle()

    await change(next)
    await change(open)

    expect(panel.find('h3').text()).toBe('like open')
    expect(companion.asked(SIMILAR)).toHaveLength(2)
  })

  it('stays closed once the reader has closed it', async () => {
    const { panel, toggle, change, companion } = await openDocument()
    await toggle()
    await panel.find('.btn-close').trigger('click')

    await change(next)

    expect(panel.find('h3').exists()).toBe(false)
    expect(companion.asked(SIMILAR)).toHaveLength(1)
  })

  it('gives way to another card of Datashare, and stays away', async () => {
    const { host, panel, toggle, change } = await openDocument()
    host.userActions.TAGS = false
    await toggle()
    host.documents.toggleUserAction('TAGS')
    await flushPromises()

    await change(next)

    expect(panel.find('h3').exists()).toBe(false)
  })

  it('shows the same results when Datashare mounts it again', async () => {
    const { host, panel, toggle, companion } = await openDocument()
    await toggle()
    panel.unmount()

    const again = await mountInPage(SimilarPanel, { props: { document: open }, host })

    expect(again.find('h3').text()).toBe('like open')
    expect(companion.asked(SIMILAR)).toHaveLength(1)
  })

  it('stays with a document that is kept while others are opened, leads back to it, and lets it go', async () => {
    const { panel, toggle, change, press } = await openDocument()
    await toggle()

    await press('Keep this one')
    await change(next)
    expect(panel.find('h3').text()).toBe('like open')
    expect(panel.find('[aria-pressed=true]').text()).toBe('Keep this one')
    expect(panel.text()).toContain('Back to open.eml')
    await press('Keep this one')

    expect(panel.find('h3').text()).toBe('like next')
  })

  it('knows the way back to where the reader came from, and forgets it on the way', async () => {
    const { panel, toggle, change } = await openDocument()
    await toggle()
    expect(panel.text()).not.toContain('Back to')

    await change(next)
    expect(panel.text()).toContain('Back to open.eml')
    await change(open)

    expect(panel.text()).not.toContain('Back to')
  })

  it('does not lead back to what was read while it was closed', async () => {
    const { panel, toggle, change } = await openDocument()
    await change(next)

    await toggle()

    expect(panel.text()).not.toContain('Back to')
  })

  it('looks for what is like a selected part of the text, and goes back to the whole', async () => {
    const { host, panel, companion, press } = await openDocument()
    await mountInPage(SelectionSearch, { props: { document: open, area: document.body }, host })
    const text = document.createElement('p')
    text.textContent = 'The yacht was paid by the clinic.'
    document.body.append(text)

    window.getSelection()?.selectAllChildren(text)
    document.dispatchEvent(new Event('selectionchange'))
    await flushPromises()
    const button = new DOMWrapper(document.body).find('.similarity-selection-search')
    expect(button.text()).toBe('Find similar')
    await button.trigger('click')
    await panel.setProps({ document: open })
    await flushPromises()

    expect(companion.asked(SIMILAR).at(-1)?.body).toMatchObject({ like: [{ text: 'The yacht was paid by the clinic.' }], filters: { excludeFamilyOf: 'open', excludeDocumentIds: ['open'] } })
    expect(panel.text()).toContain('To a part of open.eml')
    await press('Compare the whole document')
    expect(companion.asked(SIMILAR).at(-1)?.body).toMatchObject({ like: [{ documentId: 'open' }] })
  })

  it('refines by examples beside the document itself', async () => {
    const { toggle, press, companion } = await openDocument()
    await toggle()

    await press('More like this')

    expect(companion.asked(SIMILAR).at(-1)?.body).toMatchObject({ like: [{ documentId: 'open' }, { documentId: 'd1' }] })
  })

  it('closes with Escape', async () => {
    const { panel, toggle } = await openDocument()
    await toggle()

    await panel.find('h3 a').trigger('keydown', { key: 'Escape' })
    await flushPromises()

    expect(panel.find('section').exists()).toBe(false)
  })

  it('makes way where the window shows either the panel or the document', async () => {
    const { panel, toggle, change } = await openDocument()
    await toggle()
    const view = document.createElement('div')
    view.className = 'document-view'
    vi.spyOn(view, 'getClientRects').mockReturnValue([] as unknown as DOMRectList)
    document.body.append(view)

    await change(next)
    view.remove()

    expect(panel.find('section').exists()).toBe(false)
  })
})
