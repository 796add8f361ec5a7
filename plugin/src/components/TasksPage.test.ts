import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import type { Project, Task } from '@datashare-similarity/shared'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { addTasksPage } from '../host/tasks-page.ts'
import { aProject, aTask, fakeCompanion, json, problem } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import TasksPage from './TasksPage.vue'

enableAutoUnmount(afterEach)

const done = (part: Partial<Task> = {}) => aTask({ state: 'DONE', phase: null, progress: 1, completedAt: '2026-01-01T00:05:01.000Z', ...part })
const page = (items: unknown[], total = items.length) => json({ items, pagination: { count: items.length, from: 0, size: 20, total } })

/** The list at an address, with what the companion says of tasks and projects. */
async function openTasks({ tasks = [done()], projects = [{}], query = '', total = tasks.length }: { tasks?: Task[], projects?: Partial<Project>[], query?: string, total?: number } = {}) {
  const now = { tasks, projects: projects.map(aProject) }
  const companion = fakeCompanion({
    'GET /api/tasks': ({ url }) => url.searchParams.has('parent') ? page([done({ id: 'b1' })]) : page(now.tasks, total),
    'GET /api/projects': () => page(now.projects),
    'POST /api/tasks/t1/cancel': () => json({}, 202),
    'POST /api/tasks/t1/resume': () => json({}, 202),
    'DELETE /api/tasks/t1': () => new Response(null, { status: 204 }),
  })
  const host = fakeCore()
  await addTasksPage(host.core, { component: TasksPage, icon: TasksPage, title: () => 'Vectorizations' })
  await host.router.push(`/tasks/vectorizations${query}`)
  const wrapper = await mountInPage(TasksPage, { host })
  const labels = () => wrapper.findAll('tbody [aria-label]').map(action => action.attributes('aria-label')).filter(label => label !== undefined)
  const press = async (label: string) => {
    await wrapper.find(`[aria-label="${label}"]`).trigger('click')
    await flushPromises()
  }
  return { wrapper, host, companion, now, labels, press }
}

describe('the page of all vectorizations', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => vi.useRealTimers())

  it('tells of each one its project, state, progress, who, when and how long', async () => {
    const { wrapper } = await openTasks({ tasks: [done({ createdBy: 'alice', counts: { documents: 9, done: 9, empty: 0, failed: 2, passages: 90 } })] })

    const cells = wrapper.findAll('tbody td').map(cell => cell.text())
    expect(cells.slice(0, 5)).toEqual(['Done', expect.stringContaining('2 documents failed'), 'The vault', 'alice', '100%'])
    expect(cells[6]).toBe('5 min')
    expect(wrapper.find('tbody a').attributes('href')).toBe('/project/vault')
  })

  it.each<{ case: string, task: Partial<Task>, project: Partial<Project>, actions: string[] }>([
    { case: 'one under way', task: {}, project: {}, actions: ['Cancel this vectorization'] },
    { case: 'one that is cancelling', task: { phase: 'cancelling' }, project: {}, actions: [] },
    { case: 'a finished one', task: { state: 'DONE' }, project: {}, actions: ['Remove from this list'] },
    { case: 'the latest, stopped', task: { state: 'ERROR' }, project: { task: aTask() }, actions: ['Resume this vectorization', 'Remove from this list'] },
    { case: 'an earlier one, cancelled', task: { state: 'CANCELLED' }, project: { task: aTask({ id: 't9' }) }, actions: ['Remove from this list'] },
    { case: 'somebody else\'s', task: { createdBy: 'alice' }, project: { permissions: { vectorize: true, wipe: true, admin: false } }, actions: [] },
    { case: 'one\'s own, without the right any more', task: {}, project: { permissions: { vectorize: false, wipe: false, admin: false } }, actions: [] },
  ])('offers what may be done to $case', async ({ task, project, actions }) => {
    const { labels } = await openTasks({ tasks: [aTask(task)], projects: [project] })

    expect(labels()).toEqual(actions)
  })

  it('shows what a running one does, and follows it to its end', async () => {
    const { wrapper, now } = await openTasks({ tasks: [aTask({ phase: 'waiting', waitingFor: 'disk' })] })
    expect(wrapper.text()).toContain('Waiting for room on the disk')

    now.tasks = [done()]
    await vi.advanceTimersByTimeAsync(5_000)
    await flushPromises()

    expect(wrapper.find('.badge').text()).toBe('Done')
  })

  it('cancels, and says why where that is refused', async () => {
    const { wrapper, companion, press } = await openTasks({ tasks: [aTask()] })
    companion.routes['POST /api/tasks/t1/cancel'] = () => problem('not_your_task')

    await press('Cancel this vectorization')

    expect(wrapper.find('[role=alert]').text()).toContain('Only who started a task')
  })

  it('forgets a finished one', async () => {
    const { wrapper, now, companion, press } = await openTasks()
    now.tasks = []

    await press('Remove from this list')

    expect(companion.asked('DELETE /api/tasks/t1')).toHaveLength(1)
    expect(wrapper.find('tbody').exists()).toBe(false)
  })

  it('opens the details of one: cause, failures with reasons, and its batches when they are wanted', async () => {
    const task = aTask({
      state: 'ERROR', error: { code: 'index_missing', detail: 'No index.', fix: '' }, failures: [{ documentId: 'd7', code: 'document_failed' }],
      counts: { documents: 9, done: 5, empty: 0, failed: 3, passages: 90 }, childCounts: { total: 3, done: 2, error: 1 },
    })
    const { wrapper, companion } = await openTasks({ tasks: [task] })
    await wrapper.find('button[aria-expanded]').trigger('click')

    expect(wrapper.text()).toContain('No index.')
    expect(wrapper.text()).toContain('The first 1 that failed')
    expect(wrapper.text()).toContain('d7: Its text could not be cut or embedded.')
    expect(wrapper.text()).toContain('Batches: 2 of 3 done')
    expect(companion.calls.some(({ url }) => url.searchParams.has('parent'))).toBe(false)
    await wrapper.findAll('button').find(button => button.text() === 'Show the batches')?.trigger('click')
    await flushPromises()

    expect(wrapper.text()).toContain('Batch 1')
  })

  it('keeps project and page of the list in its address', async () => {
    const { wrapper, host, companion } = await openTasks({ query: '?project=vault&from=20', projects: [{}, { project: 'other' }], total: 50 })
    expect(companion.asked('GET /api/tasks')[0]?.url.search).toBe('?from=20&size=20&project=vault')

    await wrapper.find('[aria-label=Next]').trigger('click')
    await flushPromises()
    expect(host.router.currentRoute.value.query).toEqual({ project: 'vault', from: '40' })

    await wrapper.find('select').setValue('')
    await flushPromises()
    expect(host.router.currentRoute.value.query).toEqual({})
    expect(companion.asked('GET /api/tasks').at(-1)?.url.search).toBe('?from=0&size=20')
  })

  it('says what to do where there is none yet', async () => {
    const { wrapper } = await openTasks({ tasks: [] })

    expect(wrapper.text()).toContain('No vectorization yet.')
  })

  it('says that the companion does not answer, and asks again', async () => {
    const { wrapper, companion, host } = await openTasks()
    companion.routes['GET /api/tasks'] = () => { throw new TypeError('Failed to fetch') }
    await host.router.push('/tasks/vectorizations?from=20')
    await flushPromises()
    expect(wrapper.text()).toContain('Code companion_unreachable')

    companion.routes['GET /api/tasks'] = () => page([done()])
    await wrapper.find('.similarity-error button').trigger('click')
    await flushPromises()

    expect(wrapper.text()).not.toContain('companion_unreachable')
  })
})
