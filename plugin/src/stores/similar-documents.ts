import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { useApi } from '../api/client.ts'
import { useSmallScreen } from '../composables/use-small-screen.ts'
import { useCore, type HostDocument } from '../host/core.ts'
import { useMeaningSearchStore } from './meaning-search.ts'
import { createSimilarSearch, type SimilarSearch } from './similar-search.ts'

const USER_ACTION = 'SIMILAR'
/** Searches kept, so that the way back through documents needs no new one. */
const KEPT_SEARCHES = 20

/** What is looked for: likenesses of a document, or of a part of its text. */
export interface SimilarAnchor {
  readonly document: HostDocument
  readonly selection: string | null
}

/**
 * The Similar panel. Whether it shows is Datashare's own state (only one card beside a document at a time), and
 * Datashare closes it with every change of document: while the reader follows similar documents it is opened again,
 * but not where it would cover the document that was just opened.
 */
export const useSimilarDocumentsStore = defineStore('similarity-documents', () => {
  const api = useApi()
  const core = useCore()
  const documentStore = core.stores.useDocumentStore(core.pinia)
  const searches = new Map<string, SimilarSearch>()
  const following = ref(false)
  const kept = shallowRef<SimilarAnchor | null>(null)
  const selection = shallowRef<SimilarAnchor | null>(null)
  /** The documents that the reader came through with the panel open, the last one at the end. */
  const trail = shallowRef<HostDocument[]>([])
  const isSmall = useSmallScreen()
  /** Shows the tab of the document on view, where Datashare has a place for it. */
  const openTab = shallowRef<(() => void) | null>(null)
  const sidebar = useMeaningSearchStore()
  let last = documentStore.document

  const visible = computed(() => documentStore.isUserActionVisible(USER_ACTION))
  const inDocumentView = computed(() => String(core.router?.currentRoute.value.name ?? '').startsWith('document'))

  function show(value: boolean): void {
    if (visible.value !== value) documentStore.toggleUserAction(USER_ACTION, value)
  }

  watch([() => documentStore.document?.id, visible], ([id, isVisible], [previousId]) => {
    if (isVisible) following.value = true
    else if (id === previousId || isSmall.value || coversDocument()) following.value = false
    else if (following.value && id !== undefined && inDocumentView.value) show(true)
  })
  // In a narrow window the panel, or panel and sidebar at once, leave no room for the document: then the one that was opened last stays,
  // and instead of the panel there is the tab, which leaves the head of the document.
  watch([visible, () => sidebar.isOpen], async ([isVisible, isOpen], [wasVisible]) => {
    if (!isVisible || isSmall.value) return
    await laidOut()
    if (!coversDocument()) return
    if (isOpen && wasVisible) show(false)
    else if (isOpen) sidebar.isOpen = false
    else if (selection.value === null && openTab.value !== null) {
      show(false)
      openTab.value()
    }
  })
  watch(inDocumentView, (inside) => {
    if (!inside) following.value = false
  })
  watch(following, (isFollowing) => {
    if (isFollowing) return
    kept.value = null
    selection.value = null
  })
  watch(() => documentStore.document, (document) => {
    if (document === null || document.id === last?.id) return
    trail.value = trailTo(document)
    last = document
  })

  function trailTo(document: HostDocument): HostDocument[] {
    if (!following.value) return []
    return trail.value.at(-1)?.id === document.id ? trail.value.slice(0, -1) : [...trail.value, ...(last === null ? [] : [last])]
  }

  function anchorOf(document: HostDocument): SimilarAnchor {
    if (kept.value) return kept.value
    return selection.value?.document.id === document.id ? selection.value : { document, selection: null }
  }

  /** The search of an anchor, asked for once. Its family is left out: attachments of an e-mail resemble it trivially. */
  function searchOf(anchor: SimilarAnchor): SimilarSearch {
    const { document: { id, index }, selection: text } = anchor
    const key = JSON.stringify([index, id, text])
    const search = searches.get(key) ?? createSimilarSearch(api, {
      anchor: text === null
        ? { like: [{ documentId: id }], filters: { excludeFamilyOf: id } }
        : { like: [{ text }], filters: { excludeFamilyOf: id, excludeDocumentIds: [id] } },
    })
    searches.delete(key)
    searches.set(key, search)
    const oldest = searches.keys().next().value
    if (searches.size > KEPT_SEARCHES && oldest !== undefined) searches.delete(oldest)
    if (search.list.state === 'idle') void search.ask(index)
    return search
  }

  return {
    visible,
    show,
    anchorOf,
    searchOf,
    openTab,
    /** The document to which the way back leads, besides the one that is kept. */
    previous: computed(() => trail.value.at(-1) ?? null),
    isKept: computed(() => kept.value !== null),
    keep: (anchor: SimilarAnchor | null) => { kept.value = anchor },
    /** Looks for what is like a part of the text of a document; null goes back to the whole of it. */
    select(document: HostDocument, text: string | null) {
      kept.value = null
      selection.value = text === null ? null : { document, selection: text }
      show(true)
    },
  }
})

/** Datashare sees that there is a card, and then how much room is left: a few frames. */
const laidOut = (): Promise<void> => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))
})

/** In a narrow window Datashare shows a document's cards in its place; before the page changes, that is still to be seen. */
function coversDocument(): boolean {
  const views = [...document.querySelectorAll('.document-view')]
  return views.length > 0 && views.every(view => view.getClientRects().length === 0)
}
