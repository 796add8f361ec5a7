import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anAnswer, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import { useMeaningSearchStore } from '../stores/meaning-search.ts'
import CardAction from './CardAction.vue'

enableAutoUnmount(afterEach)

const listed = { id: 'd1', index: 'vault', title: 'deed.pdf' }

describe('the action on a result of Datashare\'s own search', () => {
  beforeEach(() => { window.location.hash = '' })

  it('finds what is like it beside the list, with the filters that are set', async () => {
    const companion = fakeCompanion({ 'POST /api/projects/vault/similar': () => json(anAnswer([])) })
    const action = await mountInPage(CardAction, { props: { document: listed } })
    const store = useMeaningSearchStore()
    Object.assign(store.search.criteria, { queries: ['before'], filters: { language: ['FRENCH'] } })

    await action.find('button').trigger('click')
    await flushPromises()

    expect(action.find('button').attributes('aria-label')).toBe('Find similar to deed.pdf')
    expect(store.isOpen).toBe(true)
    expect(companion.calls[0]?.body).toMatchObject({ queries: [], like: [{ documentId: 'd1' }], filters: { language: ['FRENCH'] } })
  })

  it('is neither on the open document, nor outside of the search', async () => {
    const opened = await mountInPage(CardAction, { props: { document: listed }, host: fakeCore({ document: listed }) })
    expect(opened.find('button').exists()).toBe(false)

    const host = fakeCore()
    await host.router.push('/ds/vault/other')
    const elsewhere = await mountInPage(CardAction, { props: { document: listed }, host })
    expect(elsewhere.find('button').exists()).toBe(false)
  })
})
