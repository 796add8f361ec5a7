import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

/** The search as it stands: words, and the projects (Datashare says indices) that it looks in. */
export const useSearchStore = defineStore('search', () => {
  const q = ref('')
  const from = ref(0)
  const indices = ref<string[]>([])
  const index = computed(() => indices.value[0])
  const toBaseRouteQuery = computed(() => ({ q: q.value, indices: indices.value.join(',') }))

  function setQuery(value: string) { q.value = value }
  function setFrom(value: number) { from.value = value }
  function setIndices(value: string[]) { indices.value = value }

  return { q, from, indices, index, toBaseRouteQuery, setQuery, setFrom, setIndices }
})
