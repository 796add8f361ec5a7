import { inject, type App, type Component, type InjectionKey } from 'vue'
import type { Pinia } from 'pinia'

/** What the plugin uses of Datashare's client, whole: `openCore` fills in what a version of it lacks. */
export interface Core {
  readonly ready: Promise<unknown>
  readonly vue: App
  readonly pinia: Pinia | undefined
  /** Undefined until Datashare has mounted its router, after `datashare:ready`. */
  readonly router?: Router | undefined
  readonly mode?: { readonly modeName?: string } | undefined
  readonly config: { get(key: string): unknown }
  readonly i18n: { readonly global: Translator }
  readonly api?: { sendAction?(url: string, config?: { method?: string, data?: unknown }): Promise<unknown> } | undefined
  readonly stores: {
    useDocumentStore(pinia?: Pinia): DocumentStore
    useSearchStore(pinia?: Pinia): SearchStore
    /** Null where this Datashare has no stars. */
    useStarredStore(pinia?: Pinia): StarredStore | null
  }
  registerHook(hook: { name: string, target: string, definition: Component }): void
  registerWidget(widget: Widget): void
  registerTaskName(task: { name: string, label: string, icon: Component }): void
  findComponent(path: string): Promise<Component | null>
  findProject(name: string): { readonly label?: string | null } | undefined
}

/** Datashare's core as it comes: any part may be missing. */
export type DatashareCore = Partial<Omit<Core, 'stores'>> & Pick<Core, 'ready'> & { readonly stores?: Partial<Core['stores']> }

/** Without a name: the present page, with another query. */
export interface Place {
  readonly name?: string
  readonly params?: Record<string, string>
  readonly query?: Query
}

export type Query = Record<string, string | null | (string | null)[]>
type PlaceName = string | symbol | null | undefined

export interface Route {
  readonly name?: PlaceName
  readonly params: Record<string, string | string[]>
  readonly query: Query
}

export interface Location {
  readonly name: string
  readonly params: Record<string, string>
  readonly query: Query
}

interface Router {
  readonly currentRoute: { readonly value: Route }
  hasRoute(name: string): boolean
  addRoute(parent: string, route: { name: string, path: string, component: Component, meta: Record<string, unknown> }): void
  resolve(to: Place | Location | string): { readonly name?: PlaceName, readonly href: string }
  push(to: Place): Promise<unknown>
  replace(to: Place | string): Promise<unknown>
  afterEach(guard: (to: Route) => void): () => void
}

interface Widget {
  readonly name: string
  readonly order: number
  readonly card: boolean
  readonly cols: number
  /** Gets the class of an empty widget, and gives back one that knows its component. */
  readonly type: (Empty: new (...options: never[]) => object) => new (...options: never[]) => { readonly component: Component }
}

interface Translator {
  readonly locale: { value: string }
  t(key: string, named: Record<string, unknown>, plural?: number): string
  /** Whether the language of the page has it. */
  te(key: string): boolean
  mergeLocaleMessage(locale: string, messages: object): void
}

/** The document that the client shows. `index` is its project, `routing` the id of the document that it lies in. */
export interface HostDocument {
  readonly id: string
  readonly index: string
  readonly routing?: string
  readonly title?: string
}

export interface DocumentStore {
  readonly document: HostDocument | null
  toggleUserAction(name: string, value?: boolean): void
  isUserActionVisible(name: string): boolean
}

/** `values` are the filters of Datashare's own search by name; those in `excludeFilters` leave out what they name. */
export interface SearchStore {
  readonly indices: readonly string[]
  readonly values?: Readonly<Record<string, readonly unknown[] | undefined>>
  readonly excludeFilters?: readonly string[]
}

interface StarredStore {
  isStarred(document: { index: string, id: string }): boolean
  toggleStarDocument(document: { index: string, id: string }): Promise<unknown>
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
