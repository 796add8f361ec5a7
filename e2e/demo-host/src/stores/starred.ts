import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { api } from '../core/api.ts'

interface Marked { index: string, id: string }

const keyOf = ({ index, id }: Marked) => `${index}/${id}`

/** The documents that the user has starred. */
export const useStarredStore = defineStore('starred', () => {
  const starred = reactive(new Set<string>())

  const isStarred = (document: Marked) => starred.has(keyOf(document))

  async function toggleStarDocument(document: Marked) {
    const verb = isStarred(document) ? 'unstar' : 'star'
    await api.sendAction(`/api/${document.index}/documents/batchUpdate/${verb}`, { method: 'POST', data: [document.id] })
    if (verb === 'star') starred.add(keyOf(document))
    else starred.delete(keyOf(document))
  }

  async function fetchIndicesStarredDocuments(indices: readonly string[]) {
    for (const index of indices) {
      const ids = await api.sendAction(`/api/${index}/documents/starred`)
      if (Array.isArray(ids)) for (const id of ids) starred.add(keyOf({ index, id: String(id) }))
    }
  }

  return { isStarred, toggleStarDocument, fetchIndicesStarredDocuments }
})
