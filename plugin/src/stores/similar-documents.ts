import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { useApi } from '../api/client.ts'
import { useCore, type HostDocument } from '../host/core.ts'
import { useSmallScreen } from '../composables/use-small-screen.ts'
import { createResultList, type ResultList } from './result-list.ts'

const USER_ACTION = 'SIMILAR'
/** Lists kept, so that the way back through documents needs no new search. */
const KEPT_LISTS = 20

/**
 * The Similar panel. Whether it shows is Datashare's own state (only one card beside a document at a time), and
 * Datashare closes it with every change of document: while the reader follows similar documents it is opened again,
 * but not where it would cover the document that was just opened.
 */
export const useSimilarDocumentsStore = defineStore('similarity-documents', () => {
  const api = useApi()
  const core = useCore()
  const documentStore = core.stores.useDocumentStore(core.pinia)
  const lists = new Map<string, ResultList>()
  const following = ref(false)
  const isSmall = useSmallScreen()

  const visible = computed(() => documentStore.isUserActionVisible(USER_ACTION))
  const inDocumentView = computed(() => String(core.router?.currentRoute.value.name ?? '').startsWith('document'))

  function show(value: boolean): void {
    if (visible.value !== value) documentStore.toggleUserAction(USER_ACTION, value)
  }

  watch([() => documentStore.document?.id, visible], ([id, isVisible], [previousId]) => {
    if (isVisible) following.value = true
    else if (id === previousId || isSmall.value) following.value = false
    else if (following.value && id !== undefined && inDocumentView.value) show(true)
  })
  watch(inDocumentView, (inside) => {
    if (!inside) following.value = false
  })

  /** The list of a document, asked for once. Its family is left out: attachments of an e-mail resemble it trivially. */
  function listOf({ id, index }: HostDocument): ResultList {
    const key = `${index}/${id}`
    const list = lists.get(key) ?? createResultList(api)
    lists.delete(key)
    lists.set(key, list)
    const oldest = lists.keys().next().value
    if (lists.size > KEPT_LISTS && oldest !== undefined) lists.delete(oldest)
    if (list.state === 'idle') void list.ask(index, { like: [{ documentId: id }], filters: { excludeFamilyOf: id } })
    return list
  }

  return { visible, show, listOf }
})
