import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { aDocument, anAnswer, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore, type FakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import SimilarPanel from './SimilarPanel.vue'
import SimilarToggler from './SimilarToggler.vue'

enableAutoUnmount(afterEach)

const SIMILAR = 'POST /api/projects/vault/similar'
const open = { id: 'open', index: 'vault', title: 'open.eml' }
const next = { id: 'next', index: 'vault' }

async function openDocument(host: FakeCore = fakeCore({ document: open })) {
  const companion = fakeCompanion({ [SIMILAR]: ({ body }) => json(anAnswer([aDocument({ title: `like ${JSON.stringify(body).includes('"next"') ? 'next' : 'open'}` })])) })
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
  return { host, panel, toggler, toggle, change, companion }
}

describe('the Similar panel', () => {
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
    const copies = panel.find('button[aria-expanded]')
    await copies.trigger('click')

    expect(copies.text()).toBe('This document has 2 near-identical copies')
    expect(panel.findAll('li a').map(link => link.text())).toEqual(['a.eml', 'b.eml'])
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
})
