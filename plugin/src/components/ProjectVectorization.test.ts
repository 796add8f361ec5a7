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
const never: Partial<Project> = { generation: null, coverage: aCoverage({ documents: 4000, vectorized: 0, missing: 4000 }) }

/** The companion as it stands: what it says of the project and of its task can change while the page is open. */
async function openProject(project: Partial<Project> = {}, { locale = 'en' } = {}) {
  const now = { project: aProject(project), task: aTask() }
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
  })
  const wrapper = await mountInPage(ProjectSimilarity, { props: { project: { name: 'vault' } }, host: fakeCore({ locale }) })
  const button = (label: string) => wrapper.findAll('button').find(candidate => candidate.text() === label)
  const press = async (label: string) => {
    await button(label)?.trigger('click')
    await flushPromises()
  }
  const poll = async () => {
    await vi.advanceTimersByTimeAsync(4_000)
    await flushPromises()
  }
  return { wrapper, companion, now, button, press, poll }
}

describe('vectorization on the page of a project', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => vi.useRealTimers())

  it.each([
    { case: 'a project that never was', project: never, badges: ['Not vectorized'], button: 'Vectorize' },
    { case: 'a complete one', project: {}, badges: ['10 of 10 vectorized'], button: undefined },
    { case: 'one with new and changed documents', project: { coverage: aCoverage({ vectorized: 7, missing: 1, stale: 2 }) }, badges: ['7 of 10 vectorized', '2 changed'], button: 'Update' },
    { case: 'one with failures', project: { coverage: aCoverage({ vectorized: 9, failed: 1 }) }, badges: ['9 of 10 vectorized', '1 failed'], button: undefined },
  ])('tells the state of $case', async ({ project, badges, button }) => {
    const { wrapper } = await openProject(project)

    expect(wrapper.findAll('.badge').map(badge => badge.text())).toEqual(badges)
    expect(wrapper.findAll('button')[0]?.text()).toBe(button)
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
    expect(wrapper.text()).toContain('1,000 of 4,000 documents · about 300 per minute · about 8–12 minutes left')

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
    expect(wrapper.text()).toContain('Elasticsearch has no index of this name. Index documents in Datashare first.')
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

    expect(page.find('.badge').text()).toBe('10 of 10 vectorized')
  })
})
