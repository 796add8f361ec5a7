import { reactive } from 'vue'
import { ESSENTIALS, STORES } from './contract.ts'
import type { Core, DatashareCore, DocumentStore, SearchStore } from './core.ts'

/** Datashare's core with a fallback for each part that it may lack. Null where even what the plugin cannot do without is missing. */
export function openCore(datashare: DatashareCore): Core | null {
  const { ready, vue, i18n } = datashare
  if (ESSENTIALS.some(part => !datashare[part]) || !vue || !i18n?.global) return null
  return {
    ready,
    vue,
    i18n,
    pinia: datashare.pinia,
    get router() { return datashare.router },
    get mode() { return datashare.mode },
    get api() { return datashare.api },
    config: { get: key => datashare.config?.get(key) },
    stores: { useDocumentStore: documentStoreOf(datashare), useSearchStore: searchStoreOf(datashare), useStarredStore: pinia => whole(datashare.stores?.useStarredStore?.(pinia) ?? undefined, STORES.useStarredStore) },
    registerHook: hook => datashare.registerHook?.(hook),
    registerWidget: widget => attempt(() => datashare.registerWidget?.(widget)),
    registerTaskName: task => attempt(() => datashare.registerTaskName?.(task)),
    findComponent: async path => await datashare.findComponent?.(path) ?? null,
    findProject: name => attempt(() => datashare.findProject?.(name)),
  }
}

/** What another version of Datashare takes otherwise is done without. */
function attempt<T>(doing: () => T): T | undefined {
  try {
    return doing()
  } catch {
    return undefined
  }
}

/** A store with all that we use of it, or null. */
function whole<T extends object>(store: T | undefined, parts: readonly string[]): T | null {
  return store !== undefined && parts.every(part => part in store) ? store : null
}

/** Without Datashare's own, the panel opens and closes all the same; its hook gives it the document. */
function documentStoreOf(datashare: DatashareCore): Core['stores']['useDocumentStore'] {
  const visible = reactive(new Set<string>())
  const fallback: DocumentStore = {
    document: null,
    isUserActionVisible: name => visible.has(name),
    toggleUserAction(name, value = !visible.has(name)) {
      if (value) visible.add(name)
      else visible.delete(name)
    },
  }
  return pinia => whole(datashare.stores?.useDocumentStore?.(pinia), STORES.useDocumentStore) ?? fallback
}

/** Without Datashare's own, the selected projects are read from the page's address. */
function searchStoreOf(datashare: DatashareCore): Core['stores']['useSearchStore'] {
  const fallback: SearchStore = {
    get indices() {
      const indices = datashare.router?.currentRoute.value.query['indices']
      return typeof indices === 'string' && indices !== '' ? indices.split(',') : []
    },
  }
  return pinia => whole(datashare.stores?.useSearchStore?.(pinia), STORES.useSearchStore) ?? fallback
}
