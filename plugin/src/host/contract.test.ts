import { flushPromises } from '@vue/test-utils'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { register } from '../register.ts'
import { aProject, anAnswer, aTask, fakeCompanion, json } from '../testing/companion.ts'
import { fakeCore } from '../testing/fake-core.ts'
import { COMPONENTS, ESSENTIALS, HOOKS, OPTIONAL, STORES } from './contract.ts'
import { openCore } from './open-core.ts'

const source = join(import.meta.dirname, '..')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.(ts|vue)$/.test(file) && !file.endsWith('.test.ts') && !file.startsWith('testing/') && !file.startsWith('host/'))

const vault = { id: 'd1', index: 'vault', title: 'letter.eml' }
let complaints: unknown[][]
let close: (() => void) | null = null

/** A page with the plugin in every place that it hangs in, in a Datashare that lacks something. */
async function openPage(options: Parameters<typeof fakeCore>[0] = {}) {
  fakeCompanion({
    'GET /api/projects': () => json({ items: [aProject()], pagination: { count: 1, from: 0, size: 100, total: 1 } }),
    'GET /api/projects/vault': () => json(aProject()),
    'GET /api/tasks': () => json({ items: [aTask({ state: 'DONE' })], pagination: { count: 1, from: 0, size: 20, total: 1 } }),
    'POST /api/projects/vault/similar': () => json(anAnswer([])),
  })
  const host = fakeCore({ document: vault, ...options })
  await register(host.core)
  const root = document.createElement('div')
  document.body.append(root)
  host.app.mount(root)
  close = () => {
    host.app.unmount()
    root.remove()
  }
  await flushPromises()
  const press = async (label: string) => {
    const button = [...document.querySelectorAll('button')].find(candidate => candidate.textContent.includes(label))
    button?.click()
    await flushPromises()
  }
  return { host, press }
}

describe('what the plugin uses of Datashare\'s inside', () => {
  it('is written down in one place', () => {
    const inside = [...Object.values(HOOKS), ...Object.values(COMPONENTS), 'findComponent(', '$toast', 'hasRoute(', 'addRoute(']
    for (const file of files) {
      const text = readFileSync(join(source, file), 'utf8')
      expect([file, inside.filter(part => text.includes(part))]).toEqual([file, []])
    }
  })

  it('is what this list says', () => {
    expect({ hooks: Object.values(HOOKS), components: Object.values(COMPONENTS), stores: Object.keys(STORES) }).toMatchInlineSnapshot(`
      {
        "components": [
          "Button/ButtonIcon",
          "Button/ButtonRowAction/ButtonRowAction",
          "CardPanel/CardPanel",
          "PageHeader/PageHeader",
          "AppSidebar/AppSidebarSectionEntry",
          "TabGroup/TabGroupNavigation/TabGroupNavigationEntry",
          "Document/DocumentUser/DocumentUserActions/DocumentUserActionsEntry",
        ],
        "hooks": [
          "document-user-actions:after",
          "document-user-actions-cards:after",
          "document-view-tabs:after",
          "document-actions-group:after",
          "document.content.body:before",
          "search:before",
          "search:after",
          "project-jumbotron-content:after",
          "project-row-actions:after",
          "project-card-actions:after",
          "app-sidebar-section-entries:after",
        ],
        "stores": [
          "useDocumentStore",
          "useSearchStore",
          "useStarredStore",
        ],
      }
    `)
  })
})

describe('in a Datashare without', () => {
  beforeEach(() => {
    complaints = []
    for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation((...complaint) => void complaints.push(complaint))
  })
  afterEach(() => {
    close?.()
    close = null
  })

  const everything = { components: Object.fromEntries(Object.values(COMPONENTS).map(path => [path, defineComponent({ props: { label: { type: String, default: '' } }, render() { return h('button', [this.label, this.$slots['default']?.()]) } })])) }

  it('anything missing, all of it shows', async () => {
    const { host } = await openPage(everything)

    expect(document.body.textContent).toContain('Vectorizations')
    expect(document.body.textContent).toContain('Up to date')
    expect(host.widgets.size).toBe(1)
    expect(complaints).toEqual([])
  })

  it.each(Object.entries(COMPONENTS))('its component %s, plain HTML stands in', async (_, missing) => {
    const components = Object.entries(everything.components).filter(([path]) => path !== missing)
    const { press } = await openPage({ components: Object.fromEntries(components) })
    await press('Similar')
    await press('Search by meaning')

    expect(document.body.textContent).toContain('Up to date')
    expect(complaints).toEqual([])
  })

  it('any component of its own, the page works with plain HTML', async () => {
    const { press } = await openPage()
    await press('Similar')
    await press('Search by meaning')

    expect(document.body.textContent).toContain('Similar documents')
    expect(document.querySelector('[role=search], form')).not.toBeNull()
    expect(complaints).toEqual([])
  })

  it.each([...OPTIONAL, ...Object.keys(STORES).map(store => `stores.${store}`)])('%s, the rest of the plugin works', async (part) => {
    const { press } = await openPage({ without: [part] })
    await press('Similar')
    await press('Search by meaning')

    expect(document.body.textContent).toContain('Similar documents')
    expect(document.body.textContent).toContain('Up to date')
    expect(complaints).toEqual([])
  })

  it.each(ESSENTIALS)('%s, the plugin stays away', (part) => {
    const { raw } = fakeCore({ without: [part] })

    expect(openCore(raw)).toBeNull()
  })

  it.each(Object.entries(HOOKS))('the place of %s, the others show all the same', async (_, target) => {
    const host = fakeCore({ document: vault })
    const { registerHook } = host.raw
    host.raw.registerHook = (hook) => {
      if (hook.target !== target) registerHook(hook)
    }
    await register(host.core)

    expect([...host.hooks.values()].map(hook => hook.target)).toEqual(Object.values(HOOKS).filter(other => other !== target))
  })

  it('a way to take names of tasks or widgets as we give them, they are left out', async () => {
    const host = fakeCore()
    host.raw.registerTaskName = () => { throw new TypeError('not like this') }
    host.raw.registerWidget = () => { throw new TypeError('not like this') }

    await register(host.core)

    expect(host.hooks.size).toBe(Object.keys(HOOKS).length)
  })

  it('pages for tasks, there is no page and no entry of ours', async () => {
    const host = fakeCore()
    host.router.removeRoute('task')

    await register(host.core)

    expect(host.router.hasRoute('task.vectorizations')).toBe(false)
  })
})

describe('an address of our page under Tasks', () => {
  afterEach(() => { window.location.hash = '' })

  it('leads there, though the page was opened before we had it', async () => {
    const host = fakeCore()
    window.location.hash = '#/tasks/vectorizations?project=vault'
    await host.router.push('/tasks/vectorizations?project=vault')
    expect(host.router.currentRoute.value.name).toBe('error')

    await register(host.core)

    expect(host.router.currentRoute.value).toMatchObject({ name: 'task.vectorizations', query: { project: 'vault' } })
  })
})
