import { inject, type App, type Component, type InjectionKey } from 'vue'
import type { Pinia } from 'pinia'

/** What the plugin uses of Datashare's client, and nothing more: its core is an internal, unversioned interface. */
export interface Core {
  readonly ready: Promise<unknown>
  readonly vue: App
  readonly pinia: Pinia
  /** Undefined until Datashare has mounted its router, after `datashare:ready`. */
  readonly router?: Router | undefined
  readonly mode?: { readonly modeName?: string } | undefined
  readonly config: { get(key: string): unknown }
  readonly i18n: { readonly global: Translator }
  readonly stores: {
    useDocumentStore(pinia?: Pinia): DocumentStore
    useSearchStore(pinia?: Pinia): SearchStore
  }
  registerHook(hook: { name: string, target: string, definition: Component }): void
  findComponent(path: string): Promise<Component | null>
}

type Query = Record<string, string | null | (string | null)[]>

interface Router {
  readonly currentRoute: { readonly value: { readonly name?: string | symbol | null | undefined, readonly query: Query } }
}

interface Translator {
  readonly locale: { value: string }
  t(key: string, named: Record<string, unknown>, plural?: number): string
  mergeLocaleMessage(locale: string, messages: object): void
}

/** The document that the client shows. `index` is its project. */
export interface HostDocument {
  readonly id: string
  readonly index: string
  readonly title?: string
}

interface DocumentStore {
  readonly document: HostDocument | null
  toggleUserAction(name: string, value?: boolean): void
  isUserActionVisible(name: string): boolean
}

interface SearchStore {
  readonly indices: readonly string[]
}

export const coreKey: InjectionKey<Core> = Symbol('datashare core')

/** The core, in a component or a store. */
export function useCore(): Core {
  return injected(coreKey)
}

/** What registration has provided to the app. @throws Error where the plugin has not been registered */
export function injected<T>(key: InjectionKey<T>): T {
  const value = inject(key, null)
  if (value === null) throw new Error('The similarity plugin is not registered in this page')
  return value
}
