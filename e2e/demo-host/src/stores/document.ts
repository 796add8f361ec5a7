import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { EsDocument } from '../core/documents.ts'

/** The document on view, and which one of its cards (tags, similar…) is open. */
export const useDocumentStore = defineStore('document', () => {
  const document = shallowRef<EsDocument | null>(null)
  const userAction = ref<string | null>(null)

  function setDocument(value: EsDocument | null) {
    if (document.value?.id !== value?.id || document.value?.index !== value?.index) userAction.value = null
    document.value = value
  }

  function isUserActionVisible(name: string) { return userAction.value === name }

  function toggleUserAction(name: string, visible = !isUserActionVisible(name)) {
    if (visible) userAction.value = name
    else if (isUserActionVisible(name)) userAction.value = null
  }

  return { document, userAction, setDocument, isUserActionVisible, toggleUserAction }
})
