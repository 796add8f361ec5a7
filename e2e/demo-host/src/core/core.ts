import { createPinia } from 'pinia'
import type { Component, Plugin } from 'vue'
import { createApp } from 'vue'
import type { RouteLocationNormalizedLoaded, Router } from 'vue-router'
import { createPageRouter } from '../router.ts'
import { useAppStore } from '../stores/app.ts'
import { useDocumentStore } from '../stores/document.ts'
import type { HookOptions } from '../stores/hooks.ts'
import { useHooksStore } from '../stores/hooks.ts'
import type { WidgetOptions } from '../stores/insights.ts'
import { useInsightsStore } from '../stores/insights.ts'
import { useSearchStore } from '../stores/search.ts'
import { useStarredStore } from '../stores/starred.ts'
import App from '../views/App.vue'
import SignIn from '../views/SignIn.vue'
import Unreachable from '../views/Unreachable.vue'
import type { Api } from './api.ts'
import { api, getJson, Unauthorized } from './api.ts'
import { findComponent } from './components.ts'
import type { Config } from './config.ts'
import { createConfig } from './config.ts'
import { createEmitter } from './emitter.ts'
import { i18n } from './i18n.ts'
import { lacks } from './lacking.ts'
import type { Project } from './project.ts'
import { projectsOf } from './project.ts'
import { toast } from './toasts.ts'

const STORES = { useAppStore, useDocumentStore, useHooksStore, useInsightsStore, useSearchStore, useStarredStore }
/** Parts that other versions of Datashare may lack. */
const OPTIONAL = ['registerWidget', 'findComponent', 'findProject', 'mode', 'config', 'stores', 'pinia', 'router'] as const

/** The part of Datashare's core that its plugins can rely on, under the same names. */
export class Core {
  readonly vue = createApp(App)
  readonly pinia = createPinia()
  readonly i18n = i18n
  readonly config: Config = createConfig()
  readonly api: Api = api
  readonly stores = Object.fromEntries(Object.entries(STORES).filter(([name]) => !lacks(name)))
  readonly auth = { getUsername: () => Promise.resolve(this.config.get('uid', null)) }
  readonly ready: Promise<this>
  /** Undefined until `ready`, as in Datashare. */
  router: Router | undefined
  readonly #emitter = createEmitter()
  readonly #ready = Promise.withResolvers<this>()

  constructor() {
    this.ready = this.#ready.promise
    this.vue.use(this.pinia).use(this.i18n)
    Object.assign(this.vue.config.globalProperties, { $core: this, $config: this.config, ...!lacks('$toast') && { $toast: toast } })
  }

  get route(): RouteLocationNormalizedLoaded | undefined { return this.router?.currentRoute.value }
  get mode(): { modeName: unknown } { return { modeName: this.config.get('mode') } }
  get projects(): Project[] { return projectsOf(this.config) }
  get projectIds(): string[] { return this.projects.map(({ name }) => name) }
  get defaultProject(): string | undefined {
    const wanted = this.config.get('defaultProject')
    return this.projectIds.find(name => name === wanted) ?? this.projectIds[0]
  }

  findProject(name: string): Project | undefined { return this.projects.find(project => project.name === name) }
  findComponent(path: string): Promise<Component | null> { return findComponent(path) }
  registerHook(hook: HookOptions): void { useHooksStore(this.pinia).register(hook) }
  unregisterHook(name: string): void { useHooksStore(this.pinia).unregister(name) }
  registerWidget(widget: WidgetOptions): void { useInsightsStore(this.pinia).register(widget) }
  unregisterWidget(name: string): void { useInsightsStore(this.pinia).unregister(name) }
  on(event: string, listener: (payload?: unknown) => void): void { this.#emitter.on(event, listener) }
  off(event: string, listener: (payload?: unknown) => void): void { this.#emitter.off(event, listener) }
  emit(event: string, payload?: unknown): void { this.#emitter.emit(event, payload) }
  use(plugin: Plugin, ...options: unknown[]): this { this.vue.use(plugin, ...options); return this }
  setPageContext({ title }: { title: string }): void { document.title = `${title} - Datashare (demo)` }

  /** Asks for settings and user; then the event, then the promise, in Datashare's order. */
  async load(): Promise<void> {
    try {
      const [settings, user] = await Promise.all([getJson('/settings'), getJson('/api/users/me')])
      this.config.merge(settings)
      this.config.merge(user)
      useSearchStore(this.pinia).setIndices(this.defaultProject === undefined ? [] : [this.defaultProject])
      void useStarredStore(this.pinia).fetchIndicesStarredDocuments(this.projectIds).catch(() => undefined)
      document.dispatchEvent(new CustomEvent('datashare:ready', { detail: { app: this.vue, core: this.forPlugins } }))
      this.#ready.resolve(this)
    } catch (error) {
      this.#ready.reject(error)
    }
  }

  mount(selector: string): void {
    this.router = createPageRouter()
    this.vue.use(this.router).mount(selector)
  }

  /** Where the start failed: a sign-in where nobody is signed in, else a word on the server. */
  mountFailure(selector: string, reason: unknown): void {
    if (reason instanceof Unauthorized) location.hash = '#/login'
    createApp(reason instanceof Unauthorized ? SignIn : Unreachable).use(this.i18n).mount(selector)
  }

  /** The core as plugins get it: without what this page is told to lack. */
  get forPlugins(): this {
    return new Proxy(this, {
      get: (core, part) => OPTIONAL.some(name => name === part && lacks(name)) ? undefined : bound(core, part),
    })
  }
}

function bound(core: Core, part: string | symbol): unknown {
  const value: unknown = Reflect.get(core, part, core)
  return typeof value === 'function' ? value.bind(core) : value
}
