import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { createApi } from '../api/client.ts'
import { createResultList } from '../stores/result-list.ts'
import { aCoverage, aDocument, anAnswer, aProject, fakeCompanion, json, problem } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { COMPANION, mountInPage } from '../testing/mount.ts'
import ResultList from './ResultList.vue'

enableAutoUnmount(afterEach)

const SIMILAR = 'POST /api/projects/vault/similar'
type Reply = () => Response | Promise<Response>

async function mountList(reply: Reply, { of = 'similar', locale = 'en' } = {}) {
  const companion = fakeCompanion({ [SIMILAR]: reply, 'GET /api/projects/vault': () => json(aProject({ generation: null })) })
  const list = createResultList(createApi(COMPANION))
  const wrapper = await mountInPage(ResultList, { props: { list, of }, host: fakeCore({ locale }) })
  void list.ask('vault', { like: [{ documentId: 'open' }] })
  await flushPromises()
  return { wrapper, list, companion }
}

describe('a list of results', () => {
  it('shows that it searches, to the eye and to a screen reader', async () => {
    const { wrapper } = await mountList(() => new Promise<Response>(() => undefined))

    expect(wrapper.attributes('aria-busy')).toBe('true')
    expect(wrapper.find('[role=status]').text()).toBe('Looking for similar documents…')
    expect(wrapper.findAll('.placeholder').length).toBeGreaterThan(0)
  })

  it('shows what it found, and says how much', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument(), aDocument({ documentId: 'd2', title: 'deed.pdf' })])))

    expect(wrapper.findAll('article')).toHaveLength(2)
    expect(wrapper.find('[role=status]').text()).toBe('2 similar documents')
    expect(wrapper.find('article').attributes('aria-labelledby')).toBe(wrapper.find('article h3').attributes('id'))
  })

  it('says that nothing is similar enough', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([])))

    expect(wrapper.text()).toContain('No other document of this project is close enough to this one.')
  })

  it('tells a failure with its reason, its fix, its code and another try', async () => {
    let replies = 0
    const { wrapper } = await mountList(() => (replies++ === 0 ? problem('embedder_unavailable') : json(anAnswer([aDocument()]))))

    expect(wrapper.find('[role=alert]').text()).toMatch(/The process that runs the model is starting.*Try again in a few seconds.*embedder_unavailable.*r-42/)
    await wrapper.find('[role=alert] button').trigger('click')
    await flushPromises()

    expect(wrapper.findAll('article')).toHaveLength(1)
    expect(wrapper.find('[role=alert]').exists()).toBe(false)
  })

  it('says what to do when the companion does not answer, in the language of the page', async () => {
    const { wrapper } = await mountList(() => { throw new TypeError('Failed to fetch') }, { locale: 'fr' })

    expect(wrapper.find('[role=alert]').text()).toContain('Démarrez-le avec "datashare-similarity serve"')
  })

  it('offers to vectorize where the project never was', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([], { generation: null, coverage: aCoverage({ vectorized: 0, missing: 10 }) })))

    expect(wrapper.text()).toContain('This project is not vectorized yet')
    expect(wrapper.findAll('button').map(button => button.text())).toContain('Vectorize')
  })

  it('says that only a part of the documents was searched', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument()], { coverage: aCoverage({ documents: 2500, vectorized: 1200, missing: 1300 }) })))

    expect(wrapper.text()).toContain('Results come from 1,200 of 2,500 documents')
  })

  it('says that results are by words only while the model is away', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument({ strength: 'words' })], { degraded: 'words-only' })))

    expect(wrapper.text()).toContain('found by words only')
  })

  it('grows by a page of the same generation, and goes on reading at the first new result', async () => {
    let page = 0
    const { wrapper, companion } = await mountList(() => {
      page += 1
      return json(anAnswer([aDocument({ documentId: `d${page}` })], { hasMore: page === 1 }))
    })

    expect(wrapper.find('[role=status]').text()).toBe('One similar document so far')
    await wrapper.findAll('button').find(button => button.text() === 'Show more')?.trigger('click')
    await flushPromises()

    expect(companion.asked(SIMILAR).map(({ body }) => body)).toMatchObject([{ from: 0, size: 10, generation: null }, { from: 10, size: 10, generation: 'g1' }])
    expect(wrapper.findAll('article')).toHaveLength(2)
    expect(document.activeElement).toBe(wrapper.findAll('h3 a')[1]?.element)
    expect(wrapper.findAll('button').map(button => button.text())).not.toContain('Show more')
  })

  it('begins again where the project was vectorized anew between two pages', async () => {
    const replies = [anAnswer([aDocument({ documentId: 'old' })], { hasMore: true }), null, anAnswer([aDocument({ documentId: 'new', title: 'new.txt' })], { generation: 'g2' })]
    const { wrapper, list } = await mountList(() => {
      const reply = replies.shift()
      return reply ? json(reply) : problem('generation_changed')
    })

    await list.more()
    await flushPromises()

    expect(wrapper.findAll('h3').map(title => title.text())).toEqual(['new.txt'])
  })

  it('keeps what it has when the next page fails, and fetches that page on another try', async () => {
    let replies = 0
    const { wrapper, list } = await mountList(() => {
      replies += 1
      return replies === 2 ? problem('deadline_exceeded') : json(anAnswer([aDocument({ documentId: `d${replies}` })], { hasMore: true }))
    })

    await list.more()
    await flushPromises()
    expect(wrapper.findAll('article')).toHaveLength(1)
    await wrapper.find('[role=alert] button').trigger('click')
    await flushPromises()

    expect(wrapper.findAll('article')).toHaveLength(2)
  })
})
