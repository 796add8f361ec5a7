import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import type { Project, Task } from '@datashare-similarity/shared'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aCoverage, aProject, aTask, fakeCompanion, json, problem } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import ProjectSimilarity from './ProjectSimilarity.vue'

enableAutoUnmount(afterEach)

const PROJECT = 'GET /api/projects/vault'
const ESTIMATE = 'GET /api/projects/vault/estimate'
const VECTORIZE = 'POST /api/projects/vault/vectorize'
const TASK = 'GET /api/tasks/t1'
const CANCEL = 'POST /api/tasks/t1/cancel'
const RESUME = 'POST /api/tasks/t1/resume'
const MODELS = 'GET /api/models'
const FAILED = 'GET /api/projects/vault/documents'
const aModel = (id: string, languages: string[], installed = true) => ({ id, dimensions: 384, maxTokens: 512, languages, licence: 'MIT', bundled: false, installed, inUse: false })
const ENGLISH = aModel('all-MiniLM-L6-v2', ['en'])
const MULTILINGUAL = aModel('multilingual-e5-small', ['*'])
const never: Partial<Project> = { generation: null, coverage: aCoverage({ documents: 4000, vectorized: 0, missing: 4000 }) }

/** The companion as it stands: what it says of the project and of its task can change while the page is open. */
async function openProject(project: Partial<Project> = {}, { locale = 'en' } = {}) {
  const now = { project: aProject(project), task: project.task ?? aTask(), models: [ENGLISH] }
  const start = (part: Partial<Task>) => () => {
    now.task = aTask(part)
    now.project = { ...now.project, task: now.task }
    return json({ task: now.task }, 202)
  }
  const companion = fakeCompanion({
    [PROJECT]: () => json(now.project),
    [ESTIMATE]: () => json({ documents: 4000, characters: 8_000_000, etaSeconds: [180, 290], bytes: 42_000_000 }),
    [VECTORIZE]: start({}),
    [TASK]: () => json(now.task),
    [CANCEL]: () => json({}, 202),
    [RESUME]: start({ id: 't2', resumes: 't1' }),
    [MODELS]: () => json({ items: now.models }),
  })
  const host = fakeCore({ locale })
  const wrapper = await mountInPage(ProjectSimilarity, { props: { project: { name: 'vault' } }, host })
  const button = (label: string) => wrapper.findAll('button').find(candidate => candidate.text() === label)
  const press = async (label: string) => {
    await button(label)?.trigger('click')
    await flushPromises()
  }
  const poll = async () => {
    await vi.advanceTimersByTimeAsync(4_000)
    await flushPromises()
  }
  return { wrapper, host, companion, now, button, press, poll }
}

describe('vectorization on the page of a project', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => vi.useRealTimers())

  it.each([
    { case: 'a project that never was', project: never, badges: ['Not vectorized'], text: '', button: 'Vectorize' },
    { case: 'a complete one', project: {}, badges: ['Up to date'], text: '10 of 10 vectorized', button: 'Rebuild' },
    { case: 'one with new and changed documents', project: { coverage: aCoverage({ vectorized: 7, missing: 1, stale: 2 }) }, badges: ['3 new or changed'], text: '7 of 10 vectorized', button: 'Update' },
    { case: 'one with failures', project: { coverage: aCoverage({ vectorized: 9, failed: 1 }) }, badges: ['1 failed'], text: '9 of 10 vectorized', button: 'Retry failed' },
    { case: 'one with both', project: { coverage: aCoverage({ vectorized: 8, failed: 1, missing: 1 }) }, badges: ['1 new or changed', '1 failed'], text: '8 of 10 vectorized', button: 'Update' },
    { case: 'one under way', project: { task: aTask() }, badges: ['Being vectorized, 25%'], text: '10 of 10 vectorized', button: undefined },
    { case: 'one that is still compared', project: { advice: ['coverage_pending'] }, badges: ['Up to date', 'Comparing…'], text: '', button: 'Rebuild' },
    { case: 'one that cannot be compared', project: { advice: ['elasticsearch_unreachable'] }, badges: ['Up to date', 'Not compared'], text: '', button: 'Rebuild' },
  ])('tells the state of $case', async ({ project, badges, text, button }) => {
    const { wrapper } = await openProject(project)

    expect(wrapper.findAll('.badge').map(badge => badge.text())).toEqual(badges)
    expect(wrapper.text()).toContain(text)
    expect(wrapper.find('.btn-action, .btn-outline-action').exists() ? wrapper.find('.btn-action, .btn-outline-action').text() : undefined).toBe(button)
  })

  it('shows the state, but no button, to who may not vectorize', async () => {
    const { wrapper } = await openProject({ ...never, permissions: { vectorize: false, wipe: false, admin: false } })

    expect(wrapper.find('.badge').text()).toBe('Not vectorized')
    expect(wrapper.findAll('button')).toEqual([])
  })

  it('says what it will take before it starts', async () => {
    const { wrapper, companion, press } = await openProject(never)

    await press('Vectorize')
    expect(wrapper.text()).toContain('4,000 documents, about 3–5 minutes, 42 MB on disk.')
    expect(companion.asked(VECTORIZE)).toEqual([])
    await press('Start')

    expect(companion.asked(VECTORIZE)[0]?.body).toEqual({ mode: 'update' })
    expect(wrapper.find('[role=progressbar]').exists()).toBe(true)
  })

  it('starts nothing when the reader thinks better of it', async () => {
    const { wrapper, companion, press } = await openProject(never)
    await press('Vectorize')

    await press('Cancel')

    expect(companion.asked(VECTORIZE)).toEqual([])
    expect(wrapper.text()).not.toContain('on disk')
  })

  it('R17: shows a running vectorization as it goes, also after a refresh of the page', async () => {
    const { wrapper, now, poll } = await openProject({ ...never, task: aTask() })
    expect(wrapper.find('[role=progressbar]').attributes()).toMatchObject({ 'aria-valuenow': '25', 'aria-valuetext': '25%, Reading the documents' })
    expect(wrapper.text()).toContain('1,000 of 4,000 documents · 9,000 passages · about 300 per minute · about 8–12 minutes left')
    expect(wrapper.text()).toMatch(/Update, started by local on \w{3} \d+, 202\d/)

    now.task = aTask({ progress: 0.9, phase: 'indexing', counts: { documents: 4000, done: 3600, empty: 0, failed: 2, passages: 9000 } })
    await poll()

    expect(wrapper.find('[role=progressbar]').attributes('aria-valuetext')).toBe('90%, Building the index')
    expect(wrapper.text()).toContain('2 documents failed')
  })

  it('says what a waiting vectorization waits for', async () => {
    const { wrapper } = await openProject({ task: aTask({ phase: 'waiting', waitingFor: 'disk', rate: null, etaSeconds: null }) })

    expect(wrapper.text()).toContain('Waiting for room on the disk')
  })

  it('says that it is done, and asks no more', async () => {
    const { wrapper, now, companion, poll } = await openProject({ ...never, task: aTask() })

    now.task = aTask({ state: 'DONE', phase: null, progress: 1 })
    now.project = aProject({ task: now.task })
    await poll()
    const asked = companion.calls.length
    await poll()

    expect(wrapper.find('[role=progressbar]').exists()).toBe(false)
    expect(wrapper.text()).toContain('The project is vectorized.')
    expect(companion.calls).toHaveLength(asked)
  })

  it('asks no more once the page is left', async () => {
    const { wrapper, companion, poll } = await openProject({ task: aTask() })
    const asked = companion.calls.length

    wrapper.unmount()
    await poll()

    expect(companion.calls).toHaveLength(asked)
  })

  it('says that it is cancelling until the companion has confirmed it, then offers to resume', async () => {
    const { wrapper, now, button, press, poll } = await openProject({ ...never, task: aTask() })

    await press('Cancel')
    expect(button('Cancelling…')?.attributes('disabled')).toBeDefined()
    await poll()
    expect(button('Cancelling…')).toBeDefined()
    now.task = aTask({ state: 'CANCELLED', phase: null })
    now.project = { ...now.project, task: now.task }
    await poll()

    expect(wrapper.text()).toContain('The vectorization was cancelled. What was done so far is kept.')
    await press('Resume')
    expect(wrapper.find('[role=progressbar]').exists()).toBe(true)
    expect(button('Cancel')).toBeDefined()
  })

  it('says why a vectorization stopped and what to do, and offers to resume it', async () => {
    const error = { code: 'index_missing', detail: 'Elasticsearch has no index of this name.', fix: 'Index documents in Datashare first.' } as const
    const { wrapper, button } = await openProject({ ...never, task: aTask({ state: 'ERROR', error }) })

    expect(wrapper.text()).toContain('The vectorization stopped.')
    expect(wrapper.text()).toContain('Elasticsearch has no index of this name. Index documents in Datashare first')
    expect(wrapper.text()).toContain('Elasticsearch has no index of this name.')
    expect(button('Resume')).toBeDefined()
  })

  it('shows the vectorization that somebody else was quicker to start', async () => {
    const { wrapper, companion, now, press } = await openProject(never)
    companion.routes[VECTORIZE] = () => {
      now.project = { ...now.project, task: aTask() }
      return problem('chain_running')
    }
    await press('Vectorize')

    await press('Start')

    expect(wrapper.find('[role=progressbar]').exists()).toBe(true)
    expect(wrapper.find('[role=alert]').text()).toContain('One chain at a time runs on a project.')
  })

  it('goes on showing progress through a pause of the companion', async () => {
    const { wrapper, companion, poll } = await openProject({ ...never, task: aTask() })
    const reply = companion.routes[TASK]
    companion.routes[TASK] = () => { throw new TypeError('Failed to fetch') }
    await poll()
    expect(wrapper.text()).toContain('The companion does not answer at the moment. Trying again…')
    expect(wrapper.find('[role=progressbar]').exists()).toBe(true)

    Object.assign(companion.routes, { [TASK]: reply })
    await poll()

    expect(wrapper.text()).not.toContain('The companion does not answer')
  })

  it('says quietly that the companion does not answer, and how to start it', async () => {
    const companion = fakeCompanion({})
    const page = await mountInPage(ProjectSimilarity, { props: { project: { name: 'vault' } } })
    expect(page.text()).toContain('Start it with "datashare-similarity serve"')
    expect(page.find('[role=alert]').exists()).toBe(false)

    companion.routes[PROJECT] = () => json(aProject())
    await page.find('button').trigger('click')
    await flushPromises()

    expect(page.find('.badge').text()).toBe('Up to date')
  })

  it('asks nothing while the page is out of sight, and at once when it is back', async () => {
    const { companion, poll } = await openProject({ task: aTask() })
    const hide = async (hidden: boolean) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
      await flushPromises()
    }

    await hide(true)
    const asked = companion.calls.length
    await poll()
    expect(companion.calls).toHaveLength(asked)

    await hide(false)
    expect(companion.asked(TASK)).toHaveLength(1)
  })

  it('says what each way to vectorize would take, and starts the chosen one', async () => {
    const { wrapper, host, companion, press } = await openProject({ coverage: aCoverage({ vectorized: 8, failed: 1, missing: 1 }) })
    await press('Update')
    expect(wrapper.findAll('.form-check-label').map(label => label.text())).toEqual(['Update', 'Retry failed', 'Rebuild all'])

    await wrapper.findAll('input[type=radio]')[1]!.setValue(true)
    await flushPromises()
    expect(companion.asked(ESTIMATE).map(({ url }) => url.searchParams.get('mode'))).toEqual(['update', 'failed'])
    await press('Start')

    expect(companion.asked(VECTORIZE)[0]?.body).toEqual({ mode: 'failed' })
    expect(host.toasts).toEqual(['The vectorization of The vault has started'])
  })

  it('offers the installed models to a rebuild, with the languages that they read', async () => {
    const { wrapper, companion, now, press } = await openProject()
    now.models = [ENGLISH, MULTILINGUAL, aModel('not-here', ['fr'], false)]
    await press('Rebuild')
    expect(wrapper.findAll('option').map(option => option.text())).toEqual(['all-MiniLM-L6-v2 (English)', 'multilingual-e5-small (many languages)'])

    await wrapper.find('select').setValue('multilingual-e5-small')
    await flushPromises()
    expect(companion.asked(ESTIMATE).at(-1)?.url.search).toBe('?mode=rebuild&model=multilingual-e5-small')
    await press('Start')

    expect(companion.asked(VECTORIZE)[0]?.body).toEqual({ mode: 'rebuild', model: 'multilingual-e5-small' })
  })

  it('says how to get a model for many languages where the one in use does not read them', async () => {
    const { wrapper, press } = await openProject({ languages: { SPANISH: 10 }, advice: ['model_language_mismatch'] })

    await press('Rebuild')

    expect(wrapper.text()).toContain('datashare-similarity model pull multilingual-e5-small')
  })

  it('lets who may neither administer nor has started it watch only', async () => {
    const { button } = await openProject({ task: aTask({ createdBy: 'alice' }), permissions: { vectorize: true, wipe: true, admin: false } })

    expect(button('Cancel')).toBeUndefined()
  })

  it('shows details: coverage, languages, the fit of the model, the last run', async () => {
    const { wrapper, press } = await openProject({
      coverage: aCoverage({ vectorized: 8, empty: 2, truncated: 1 }), languages: { ENGLISH: 4, RUSSIAN: 3, UNKNOWN: 1 }, advice: ['model_language_mismatch'],
      task: aTask({ state: 'DONE', createdBy: 'alice', completedAt: '2026-01-01T01:02:01.000Z' }),
    })
    await press('Details')

    expect(wrapper.findAll('.list-inline-item').map(item => item.text())).toEqual(['8 vectorized', '2 without text'])
    expect(wrapper.text()).toContain('Of one document only the first 20 million characters are vectorized.')
    expect(wrapper.text()).toContain('Languages: English (4), Russian (3), and unknown (1)')
    expect(wrapper.text()).toContain('Model: all-MiniLM-L6-v2, which reads English')
    expect(wrapper.find('.alert').text()).toBe('3 documents are in languages that the model does not read: Russian (3). They are found by their words, less well by their meaning. Rebuild with a model for these languages.')
    expect(wrapper.text()).toContain('Of one document the language is unknown.')
    expect(wrapper.text()).toContain('started by alice')
    expect(wrapper.text()).toContain('It took 1 hr 2 min.')
  })

  it('lists the documents that failed with reasons, page by page, also to who may not retry', async () => {
    const { wrapper, companion, press } = await openProject({ coverage: aCoverage({ vectorized: 0, failed: 10 }), permissions: { vectorize: false, wipe: false, admin: false } })
    const item = (documentId: string, title: string | null) => ({ documentId, title, rootId: title && 'root1', status: 'failed', reason: 'document_failed', passages: 0, truncated: false, vectorizedAt: null })
    companion.routes[FAILED] = ({ url }) => {
      const from = Number(url.searchParams.get('from'))
      return json({ items: [from === 0 ? item('d1', 'report.pdf') : item('d2', null)], pagination: { count: 1, from, size: 10, total: 11 } })
    }
    await press('Details')

    const link = wrapper.find('[data-similarity-link]')
    expect([link.text(), link.attributes('href')]).toEqual(['report.pdf', '/d/vault/d1/root1'])
    expect(wrapper.text()).toContain('Its text could not be cut or embedded.')
    await wrapper.find('[aria-label=Next]').trigger('click')
    await flushPromises()

    expect(wrapper.find('[data-similarity-link]').text()).toBe('d2')
    expect(wrapper.text()).toContain('11–11 of 11')
    expect(wrapper.find('.btn-action, .btn-outline-action').exists()).toBe(false)
  })
})
