import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

/** The search as it stands: words, and the projects (Datashare says indices) that it looks in. */
export const useSearchStore = defineStore('search', () => {
  const q = ref('')
  const from = ref(0)
  const indices = ref<string[]>([])
  // Datashare's filters by name. The stand-in's own list takes none: they are here for plugins that read them.
  const values = ref<Record<string, string[]>>({})
  const excludeFilters = ref<string[]>([])
  const index = computed(() => indices.value[0])
  const toBaseRouteQuery = computed(() => ({ q: q.value, indices: indices.value.join(',') }))

  function setQuery(value: string) { q.value = value }
  function setFrom(value: number) { from.value = value }
  function setIndices(value: string[]) { indices.value = value }

  function setFilterValue({ name, value }: { name: string, value: string | string[] }) { values.value[name] = [value].flat() }

  return { q, from, indices, values, excludeFilters, setFilterValue, index, toBaseRouteQuery, setQuery, setFrom, setIndices }
})
