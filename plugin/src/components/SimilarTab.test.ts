import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { aDocument, anAnswer, aProject, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import SimilarTab from './SimilarTab.vue'

enableAutoUnmount(afterEach)

const SIMILAR = 'POST /api/projects/vault/similar'
const passage = (start: number) => ({
  start, end: start + 30, text: `There at ${start}`, highlights: [], sharedTerms: [], matches: { documentId: 'open', start, end: start + 30, text: `Here at ${start}` },
})

/** A document's view as Datashare has it, with its tabs. */
const DocumentView = defineComponent({
  props: { tab: { type: String, default: 'text' } },
  setup: ({ tab }) => () => h('article', { class: 'document-view' }, [h('ul', [h(SimilarTab, { tab, tabs: [] })])]),
})

async function openView(tab: string) {
  const companion = fakeCompanion({ [SIMILAR]: () => json(anAnswer([aDocument({ passages: [passage(0), passage(50)] })])), 'GET /api/projects/vault': () => json(aProject()) })
  const host = fakeCore({ document: { id: 'open', index: 'vault', title: 'open.eml' } })
  await host.router.push('/d/vault/open?modal=true&passage=1-2')
  return { companion, host, view: await mountInPage(DocumentView, { props: { tab }, host }) }
}

describe('the tab of a document', () => {
  beforeEach(() => sessionStorage.clear())

  it('asks for nothing until it is open, and leads there within the present view', async () => {
    const { companion, view } = await openView('text')

    expect(companion.calls).toEqual([])
    expect(view.find('li a').text()).toBe('Similar')
    expect(view.find('li a').attributes('href')).toBe('/d/vault/open?modal=true&tab=similar')
  })

  it('shows every pair of passages, grouped by document, in the view that it belongs to', async () => {
    const { view } = await openView('similar')
    await flushPromises()

    expect(view.find('li a').attributes('aria-current')).toBe('page')
    const section = view.find('.document-view > section')
    expect(section.find('article h3').text()).toBe('nominees.eml')
    expect(section.findAll('article dd').map(part => part.text())).toEqual(['Here at 0', 'There at 0', 'Here at 50', 'There at 50'])
  })
})
