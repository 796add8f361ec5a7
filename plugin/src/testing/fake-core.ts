import { createPinia, setActivePinia } from 'pinia'
import { createApp, h, reactive, shallowReactive, type Component } from 'vue'
import { createI18n } from 'vue-i18n'
import { createMemoryHistory, createRouter, RouterView } from 'vue-router'
import type { Core, HostDocument } from '../host/core.ts'
import { openCore } from '../host/open-core.ts'

interface Options {
  settings?: Record<string, string>
  mode?: string
  indices?: string[]
  document?: HostDocument | null
  locale?: string
  components?: Record<string, Component>
  /** Parts that this Datashare does not have, such as `router` or `stores.useSearchStore`. */
  without?: readonly string[]
  /** Datashare's own interface, by address; null where this Datashare cannot be called. */
  answers?: Record<string, unknown> | null
  hasStars?: boolean
}

const page: Component = { render: () => h('div') }
const parent: Component = { render: () => h(RouterView) }

/** Datashare's core as the plugin meets it: real Vue, Pinia, router and i18n, with only its stores and registries made up. */
export function fakeCore({ settings = {}, mode = 'LOCAL', indices = ['vault'], document = null, locale = 'en', components = {}, without = [], answers = {}, hasStars = true }: Options = {}) {
  const hooks = shallowReactive(new Map<string, { target: string, definition: Component }>())
  const widgets = shallowReactive(new Map<string, Component>())
  const taskNames: string[] = []
  const toasts: string[] = []
  const userActions = reactive<Record<string, boolean>>({})
  const search = reactive<{ indices: string[], values: Record<string, unknown[]>, excludeFilters: string[] }>({ indices, values: {}, excludeFilters: [] })
  const sent: { url: string, data: unknown }[] = []
  const starred = reactive(new Set<string>())
  const stars = {
    isStarred: ({ index, id }: { index: string, id: string }) => starred.has(`${index}/${id}`),
    toggleStarDocument: ({ index, id }: { index: string, id: string }) => Promise.resolve(starred.delete(`${index}/${id}`) || starred.add(`${index}/${id}`)),
  }
  const documents = reactive({
    document,
    isUserActionVisible: (name: string) => userActions[name] ?? false,
    toggleUserAction: (name: string) => {
      const wasVisible = userActions[name] ?? false
      for (const key of Object.keys(userActions)) userActions[key] = false
      userActions[name] = !wasVisible
    },
  })
  /** What Datashare's places give to what hangs in them. */
  const bound = (target: string) => {
    if (target.startsWith('project-')) return { project: { name: 'vault', label: 'The vault' } }
    if (target.startsWith('app-sidebar-')) return { title: 'Tasks', to: { name: 'task.task-board' }, compact: false, active: false }
    return target.startsWith('document-user-actions-cards') ? { document: documents.document } : {}
  }
  const app = createApp({
    render: () => [
      ...[...hooks.values()].map(({ target, definition }) => h(definition, bound(target))),
      ...[...widgets.values()].map(widget => h(widget, { widget: {}, project: 'vault' })),
      h('div', { class: 'search__main' }),
      h(RouterView),
    ],
  })
  const pinia = createPinia()
  const i18n = createI18n({ legacy: false, locale, fallbackLocale: 'en', messages: { en: {}, [locale]: {} }, missingWarn: true })
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { name: 'search', path: '/', component: page },
      { name: 'document', path: '/d/:index/:id/:routing?', component: page },
      { name: 'document-standalone', path: '/ds/:index/:id/:routing?', component: page },
      { name: 'project.view', path: '/project/:name', component: page },
      { name: 'task', path: '/tasks', component: parent, children: [{ name: 'task.task-board', path: 'all', component: page }] },
      { name: 'error', path: '/:rest(.*)*', component: page },
    ],
  })
  app.use(pinia).use(i18n).use(router)
  app.config.globalProperties['$toast'] = { success: (text: string) => void toasts.push(text) }
  setActivePinia(pinia)
  const raw: Core = {
    ready: Promise.resolve(),
    vue: app,
    pinia,
    router,
    mode: { modeName: mode },
    config: { get: key => ({ uid: 'local', ...settings })[key] },
    i18n,
    stores: { useDocumentStore: () => documents, useSearchStore: () => search, useStarredStore: () => (hasStars ? stars : null) },
    ...(answers && {
      api: {
        sendAction: (url: string, config: { data?: unknown } = {}) => {
          sent.push({ url, data: config.data })
          return url in answers ? Promise.resolve(answers[url]) : Promise.reject(new Error('404'))
        },
      },
    }),
    registerHook: ({ name, target, definition }) => void hooks.set(name, { target, definition }),
    registerWidget: ({ name, type }) => void widgets.set(name, new (type(Object))().component),
    registerTaskName: ({ name }) => void taskNames.push(name),
    findComponent: path => Promise.resolve(components[path] ?? null),
    findProject: name => ({ label: `The ${name}` }),
  }
  for (const part of without) {
    const [name = '', inner] = part.split('.')
    if (inner === undefined) Reflect.deleteProperty(raw, name)
    else Reflect.deleteProperty(Reflect.get(raw, name) as object, inner)
  }
  const core = openCore(raw) ?? raw
  /** Opens another document as Datashare does: it closes every card beside it in the same breath. */
  const open = (next: HostDocument) => {
    documents.document = next
    for (const key of Object.keys(userActions)) userActions[key] = false
  }
  return { core, raw, app, pinia, i18n, router, hooks, widgets, taskNames, toasts, search, documents, userActions, open, sent, starred }
}

export type FakeCore = ReturnType<typeof fakeCore>
