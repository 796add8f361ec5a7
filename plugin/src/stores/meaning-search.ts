import type { SEARCH_MODES } from '@datashare-similarity/shared'
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { useApi } from '../api/client.ts'
import { useCore } from '../host/core.ts'
import { createResultList } from './result-list.ts'

export type SearchMode = (typeof SEARCH_MODES)[number]

/** The query sidebar of the search view: one question to one project at a time, as vectors of two projects cannot be compared. */
export const useMeaningSearchStore = defineStore('similarity-meaning-search', () => {
  const core = useCore()
  const searchStore = core.stores.useSearchStore(core.pinia)
  const list = createResultList(useApi())

  const isOpen = ref(false)
  const question = ref('')
  const mode = ref<SearchMode>('hybrid')
  const chosen = ref<string | null>(null)

  const projects = computed(() => searchStore.indices)
  const project = computed({
    get: () => projects.value.find(name => name === chosen.value) ?? projects.value[0] ?? null,
    set: (name) => { chosen.value = name },
  })

  async function ask(): Promise<void> {
    const query = question.value.trim()
    if (query === '' || project.value === null) list.reset()
    else await list.ask(project.value, { queries: [query], mode: mode.value })
  }

  // Results of another project than the one that is named above them would mislead.
  watch([project, mode], () => {
    if (list.asked !== null) void ask()
  })

  return { isOpen, question, mode, project, projects, ask, list }
})
