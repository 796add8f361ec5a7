import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import type { DocumentStatus, Project } from '@datashare-similarity/shared'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApi } from '../api/client.ts'
import type { Criteria } from '../search/criteria.ts'
import { createSimilarSearch } from '../stores/similar-search.ts'
import { aCoverage, aDocument, anAnswer, aProject, aTask, fakeCompanion, json, problem } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { COMPANION, mountInPage } from '../testing/mount.ts'
import ResultList from './ResultList.vue'

enableAutoUnmount(afterEach)

const SIMILAR = 'POST /api/projects/vault/similar'
type Reply = () => Response | Promise<Response>

interface Options { of?: 'similar' | 'search', locale?: string, project?: Partial<Project>, criteria?: Partial<Criteria>, status?: Partial<DocumentStatus> }

async function mountList(reply: Reply, { of = 'similar', locale = 'en', project = {}, criteria = {}, status = {} }: Options = {}) {
  const companion = fakeCompanion({
    [SIMILAR]: reply,
    'GET /api/projects/vault': () => json(aProject(project)),
    'GET /api/projects/vault/documents/open': () => json({ documentId: 'open', status: 'vectorized', reason: null, passages: 3, truncated: false, vectorizedAt: null, ...status }),
  })
  const anchor = of === 'similar' ? { anchor: { like: [{ documentId: 'open' }], filters: {} } } : {}
  const search = createSimilarSearch(createApi(COMPANION), anchor)
  Object.assign(search.criteria, criteria)
  const wrapper = await mountInPage(ResultList, { props: { search, of }, host: fakeCore({ locale }) })
  void search.ask('vault')
  await flushPromises()
  const press = async (label: string) => {
    await wrapper.findAll('button').find(button => button.text() === label)?.trigger('click')
    await flushPromises()
  }
  return { wrapper, search, list: search.list, companion, press }
}

describe('a list of results', () => {
  beforeEach(() => sessionStorage.clear())

  it('shows that it searches, to the eye and to a screen reader', async () => {
    const { wrapper } = await mountList(() => new Promise<Response>(() => undefined))

    expect(wrapper.attributes('aria-busy')).toBe('true')
    expect(wrapper.find('[role=status]').text()).toBe('Looking for similar documents…')
    expect(wrapper.findAll('.placeholder').length).toBeGreaterThan(0)
  })

  it('shows what it found, and says how much', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument(), aDocument({ documentId: 'd2', title: 'deed.pdf' })])))

    await vi.waitUntil(() => wrapper.findAll('article').length === 2)
    expect(wrapper.find('[role=status]').text()).toBe('2 similar documents')
    expect(wrapper.find('article').attributes('aria-labelledby')).toBe(wrapper.find('article h3').attributes('id'))
  })

  it.each([
    ['model_outdated', 'with another version of the model all-MiniLM-L6-v2'],
    ['model_not_installed', 'datashare-similarity model pull all-MiniLM-L6-v2'],
  ])('says with %s why questions are answered by words only, and where to help it', async (advice, text) => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument()])), { project: { advice: [advice] } })

    expect(wrapper.find('.alert').text()).toContain(text)
    expect(wrapper.find('a[href="/project/vault"]').text()).toBe('See the project')
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
    const { wrapper } = await mountList(() => json(anAnswer([], { generation: null, coverage: aCoverage({ vectorized: 0, missing: 10 }) })), { project: { generation: null } })

    expect(wrapper.text()).toContain('This project is not vectorized yet')
    expect(wrapper.findAll('button').map(button => button.text())).toContain('Vectorize')
  })

  it('says that only a part of the documents was searched', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument()], { coverage: aCoverage({ documents: 2500, vectorized: 1200, missing: 1300 }) })))

    expect(wrapper.text()).toContain('Results from 48% of the documents: 1,200 of 2,500 are vectorized.')
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

  it('counts all that it has, and lets a slow machine show it little by little: the first ones at once, the way to more at the end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let page = 0
    const { wrapper, press } = await mountList(() => {
      page += 1
      return json(anAnswer(Array.from({ length: 10 }, (_, index) => aDocument({ documentId: `d${page}-${index}` })), { hasMore: page === 1 }))
    })
    const standing = () => wrapper.findAll('article').length
    const mayAskForMore = () => wrapper.findAll('button').some(button => button.text() === 'Show more')
    const links = () => wrapper.findAll('h3 a').map(({ element }) => element)
    const atFirst = standing()
    expect(atFirst).toBeGreaterThan(0)
    expect(atFirst).toBeLessThan(10)
    expect(mayAskForMore()).toBe(false)
    expect(wrapper.find('[role=status]').text()).toBe('10 similar documents so far')

    await vi.runAllTimersAsync()
    expect(standing()).toBe(10)
    await press('Show more')
    expect(standing()).toBeLessThan(20)
    expect(document.activeElement).toBe(links()[10])
    expect(wrapper.find('[role=status]').text()).toBe('20 similar documents')

    await vi.runAllTimersAsync()
    expect(standing()).toBe(20)
    expect(document.activeElement).toBe(links()[10])
    vi.useRealTimers()
  })

  it('begins again where the project was vectorized anew between two pages', async () => {
    const replies = [anAnswer([aDocument({ documentId: 'old' })], { hasMore: true }), null, anAnswer([aDocument({ documentId: 'new', title: 'new.txt' })], { generation: 'g2' })]
    const { wrapper, press } = await mountList(() => {
      const reply = replies.shift()
      return reply ? json(reply) : problem('generation_changed')
    })

    await press('Show more')

    expect(wrapper.findAll('h3').map(title => title.text())).toEqual(['new.txt'])
    expect(wrapper.text()).toContain('vectorized anew meanwhile')
  })

  it('keeps what it has when the next page fails, and fetches that page on another try', async () => {
    let replies = 0
    const { wrapper, press } = await mountList(() => {
      replies += 1
      return replies === 2 ? problem('deadline_exceeded') : json(anAnswer([aDocument({ documentId: `d${replies}` })], { hasMore: true }))
    })

    await press('Show more')
    expect(wrapper.findAll('article')).toHaveLength(1)
    await wrapper.find('[role=alert] button').trigger('click')
    await flushPromises()

    expect(wrapper.findAll('article')).toHaveLength(2)
  })

  it('says why it takes long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { wrapper } = await mountList(() => new Promise<Response>(() => undefined))
    expect(wrapper.text()).not.toContain('Still searching')

    await vi.advanceTimersByTimeAsync(2_000)
    vi.useRealTimers()

    expect(wrapper.text()).toContain('Still searching: the model may be starting')
  })

  it('says that it runs: results from a part of the documents', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument()], { coverage: aCoverage({ documents: 100, vectorized: 63, missing: 37 }) })), { project: { task: aTask() } })

    expect(wrapper.text()).toContain('Results from 63% of the documents: the others are being vectorized.')
  })

  it('says that results come from the version before, while the project is vectorized anew', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument()])), { project: { task: aTask({ mode: 'rebuild', progress: 0.4 }) } })

    expect(wrapper.text()).toContain('vectorized anew (40%)')
  })

  it('says that documents have changed since, and that the model does not fit', async () => {
    const { wrapper } = await mountList(() => json(anAnswer([aDocument()], { coverage: aCoverage({ stale: 3 }) })), { project: { advice: ['model_language_mismatch'] } })

    expect(wrapper.text()).toContain('3 documents have changed since they were vectorized.')
    expect(wrapper.text()).toContain('The model all-MiniLM-L6-v2 does not know every language')
  })

  it('leads to the sign-in where nobody is signed in', async () => {
    const { wrapper } = await mountList(() => problem('anonymous'))

    expect(wrapper.find('[role=alert] a').attributes('href')).toBe('#/login')
  })

  it('says that the project may not be read', async () => {
    const { wrapper } = await mountList(() => problem('project_forbidden'))

    expect(wrapper.find('[role=alert]').text()).toContain('Code project_forbidden')
  })

  it.each([
    { status: 'empty', reason: null, words: 'This document has no text' },
    { status: 'missing', reason: null, words: 'This document is not vectorized yet.' },
    { status: 'failed', reason: 'document_failed', words: 'This document could not be vectorized. Its text could not be cut or embedded.' },
  ] as const)('says that nothing is similar because the document is $status', async ({ words, ...status }) => {
    const { wrapper } = await mountList(() => json(anAnswer([])), { status })

    expect(wrapper.text().replace(/\s+/g, ' ')).toContain(words.replace('vectorized. Its', 'vectorized.Its'))
  })

  it('loosens what was asked where nothing is found', async () => {
    let replies = 0
    const criteria = {
      queries: ['"red boat"'], filters: { path: '/vault/x' }, mode: 'words' as const, unlike: [{ name: 'x', example: { documentId: 'x' } }],
    }
    const { wrapper, press, companion } = await mountList(() => json(anAnswer(replies++ < 4 ? [] : [aDocument()])), { of: 'search', criteria })

    for (const button of ['Remove the filters', 'Search by both', 'Remove the quotes', 'Remove the counter-examples']) await press(button)

    expect(companion.asked(SIMILAR).at(-1)?.body).toMatchObject({ queries: ['red boat'], filters: {}, mode: 'hybrid', unlike: [] })
    expect(wrapper.findAll('article')).toHaveLength(1)
  })

  it('shows a group for each question, and grows one of them', async () => {
    const group = (index: number, text: string, id: string, hasMore: boolean) => ({ query: { index, text }, documents: [aDocument({ documentId: id, title: `${id}.pdf` })], copies: [], hasMore })
    const replies = [
      anAnswer([], { results: [group(0, 'boats', 'a', false), group(1, 'houses', 'b', true), { query: { index: 2, text: 'cars' }, documents: [], copies: [], hasMore: false }] }),
      anAnswer([], { results: [group(0, 'houses', 'c', false)] }),
    ]
    const { wrapper, press, companion } = await mountList(() => json(replies.shift()), { of: 'search', criteria: { queries: ['boats', 'houses', ' cars ', ''] } })

    expect(wrapper.findAll('h3').map(title => title.text())).toEqual(['boats', 'houses', 'cars'])
    expect(wrapper.findAll('section')[2]?.text()).toContain('No document found')
    await press('Show more')

    expect(companion.asked(SIMILAR).map(({ body }) => body)).toMatchObject([{ queries: ['boats', 'houses', 'cars'] }, { queries: ['houses'], from: 10 }])
    expect(wrapper.findAll('section')[1]?.findAll('h4').map(title => title.text())).toEqual(['b.pdf', 'c.pdf'])
  })

  it('goes from result to result with arrows and letters, and leaves other keys to Datashare', async () => {
    const { wrapper } = await mountList(() => json(anAnswer(['a', 'b'].map(documentId => aDocument({ documentId })))))
    await vi.waitUntil(() => wrapper.findAll('article').length === 2)
    const links = wrapper.findAll('h3 a')
    const focused = () => links.findIndex(({ element }) => element === document.activeElement)
    const heard: string[] = []
    document.addEventListener('keydown', ({ key }) => heard.push(key))
    ;(links[0]?.element as HTMLElement).focus()

    for (const [key, at] of [['j', 1], ['ArrowUp', 0], ['ArrowDown', 1], ['k', 0]] as const) {
      await wrapper.find('h3 a:focus').trigger('keydown', { key })
      expect(focused()).toBe(at)
    }
    await wrapper.find('h3 a:focus').trigger('keydown', { key: 'ArrowDown', ctrlKey: true })

    expect(heard).toEqual(['ArrowDown'])
  })
})
