import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { useApi } from '../api/client.ts'
import { useCore, type HostDocument } from '../host/core.ts'
import { hashParameter } from '../host/hash-parameter.ts'
import { readSearch, writeSearch } from '../search/address.ts'
import { noCriteria } from '../search/criteria.ts'
import { createSimilarSearch } from './similar-search.ts'

/** Parameter of the page's address that holds the search. */
const SEARCH = 'similarity'

/**
 * The query sidebar of the search view: questions and examples to one project at a time, as vectors of two projects cannot
 * be compared. What was asked stands in the page's address while the sidebar is open, so that a link opens the same search.
 */
export const useMeaningSearchStore = defineStore('similarity-meaning-search', () => {
  const core = useCore()
  const searchStore = core.stores.useSearchStore(core.pinia)
  const address = hashParameter(core, SEARCH)
  const isOpen = ref(false)
  const chosen = ref<string | null>(null)
  /** The project of a link, though it is not among those that Datashare searches now. */
  const linked = ref<string | null>(null)
  /** What the address has brought: later changes of route carry it along, though the search has gone on. */
  let taken: string | null = null
  const search = createSimilarSearch(useApi(), { changed: writeAddress })

  const projects = computed(() => [...new Set([...searchStore.indices, ...(linked.value === null ? [] : [linked.value])])])
  const project = computed({
    get: () => projects.value.find(name => name === chosen.value) ?? projects.value[0] ?? null,
    set: (name) => { chosen.value = name },
  })
  const ask = () => search.ask(project.value)

  function shared(): string | null {
    const asked = search.list.asked
    return asked === null ? null : writeSearch({ project: asked.project, criteria: search.criteria })
  }

  function writeAddress(): void {
    address.write(isOpen.value ? shared() : null)
  }

  function open(text: string | null): boolean {
    if (text === null || text === taken || text === shared()) return false
    taken = text
    const found = readSearch(text)
    if (found === null) return false
    linked.value = found.project
    chosen.value = found.project
    Object.assign(search.criteria, found.criteria)
    isOpen.value = true
    void ask()
    return true
  }

  /** A search for what is like a document, in place of the one before; filters and mode stay. */
  function findLike({ id, index, title }: HostDocument): void {
    const { filters, mode } = search.criteria
    linked.value = index
    chosen.value = index
    Object.assign(search.criteria, { ...noCriteria(), filters, mode, like: [{ name: title ?? '', example: { documentId: id } }] })
    isOpen.value = true
    void ask()
  }

  // Results of another project than the one that is named above them would mislead.
  watch(project, () => {
    if (search.list.asked !== null && search.list.asked.project !== project.value) void ask()
  })
  watch(isOpen, writeAddress)
  address.onNavigation((text) => {
    if (!open(text)) writeAddress()
  })
  open(address.read())

  return { isOpen, project, projects, search, ask, findLike }
})
