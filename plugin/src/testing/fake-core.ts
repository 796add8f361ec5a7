import { createPinia, setActivePinia } from 'pinia'
import { createApp, defineComponent, h, reactive, type Component } from 'vue'
import { createI18n } from 'vue-i18n'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Core, HostDocument } from '../host/core.ts'

interface Options {
  settings?: Record<string, string>
  mode?: string
  indices?: string[]
  document?: HostDocument | null
  locale?: string
  components?: Record<string, Component>
}

const page = defineComponent({ render: () => h('div') })

/** Datashare's core as the plugin meets it: real Vue, Pinia, router and i18n, with only its stores and registries made up. */
export function fakeCore({ settings = {}, mode = 'LOCAL', indices = ['vault'], document = null, locale = 'en', components = {} }: Options = {}) {
  const hooks = new Map<string, { target: string, definition: Component }>()
  const userActions = reactive<Record<string, boolean>>({})
  const search = reactive({ indices })
  const documents = reactive({
    document,
    isUserActionVisible: (name: string) => userActions[name] ?? false,
    toggleUserAction: (name: string) => {
      const wasVisible = userActions[name] ?? false
      for (const key of Object.keys(userActions)) userActions[key] = false
      userActions[name] = !wasVisible
    },
  })
  const app = createApp(page)
  const pinia = createPinia()
  const i18n = createI18n({ legacy: false, locale, fallbackLocale: 'en', messages: { en: {}, [locale]: {} }, missingWarn: true })
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { name: 'search', path: '/', component: page },
      { name: 'document', path: '/d/:index/:id/:routing?', component: page },
      { name: 'document-standalone', path: '/ds/:index/:id/:routing?', component: page },
    ],
  })
  app.use(pinia).use(i18n).use(router)
  setActivePinia(pinia)
  const core: Core = {
    ready: Promise.resolve(),
    vue: app,
    pinia,
    router,
    mode: { modeName: mode },
    config: { get: key => settings[key] },
    i18n,
    stores: { useDocumentStore: () => documents, useSearchStore: () => search },
    registerHook: ({ name, target, definition }) => void hooks.set(name, { target, definition }),
    findComponent: path => Promise.resolve(components[path] ?? null),
  }
  /** Opens another document as Datashare does: it closes every card beside it in the same breath. */
  const open = (next: HostDocument) => {
    documents.document = next
    for (const key of Object.keys(userActions)) userActions[key] = false
  }
  return { core, app, pinia, i18n, router, hooks, search, documents, userActions, open }
}

export type FakeCore = ReturnType<typeof fakeCore>
