import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { useCore, type Query, type Route } from '../host/core.ts'
import { readText } from '../host/document-text.ts'

/** UTF-16 units of the document's content, end exclusive. */
export interface PassageRange { readonly start: number, readonly end: number }
interface OpenedPassage extends PassageRange { readonly project: string, readonly documentId: string }

/** Parameter of a document's address that names the passage to show. */
export const PASSAGE = 'passage'
const RANGE = /^(\d{1,9})-(\d{1,9})$/
const LONGEST = 20_000

/** The passage at which the document in the page's address was opened. Its text is known from the result, else it is read from Datashare. */
export const useOpenedPassageStore = defineStore('similarity-opened-passage', () => {
  const core = useCore()
  const texts = new Map<string, string>()
  const text = shallowRef<string | null>(null)
  const dismissed = ref<string | null>(null)

  const passage = computed(() => passageOf(core.router?.currentRoute.value))
  const key = computed(() => (passage.value === null ? null : keyOf(passage.value)))

  /** Called when a result is opened: then nothing needs to be read. */
  function remember(opened: OpenedPassage, itsText: string): void {
    texts.set(keyOf(opened), itsText)
    dismissed.value = null
  }

  watch(key, async (now) => {
    text.value = null
    if (now === null || passage.value === null) return
    const found = texts.get(now) ?? await read(passage.value)
    if (key.value === now) text.value = found
  }, { immediate: true })

  function read({ project, documentId, start, end }: OpenedPassage): Promise<string | null> {
    const { routing } = core.router?.currentRoute.value.params ?? {}
    return readText(core, { project, documentId, rootId: typeof routing === 'string' ? routing : null }, start, end)
  }

  return {
    /** What to show in the text of a document; null where there is nothing. */
    textIn: (project: string, documentId: string): string | null =>
      passage.value?.project === project && passage.value.documentId === documentId && dismissed.value !== key.value ? text.value : null,
    remember,
    dismiss: () => { dismissed.value = key.value },
  }
})

/** An address's other parameters, for one that leads elsewhere. */
export const withoutPassage = (query: Query = {}): Query => Object.fromEntries(Object.entries(query).filter(([key]) => key !== PASSAGE))

const keyOf = ({ project, documentId, start, end }: OpenedPassage): string => `${project}/${documentId}/${start}-${end}`

function passageOf(route: Route | undefined): OpenedPassage | null {
  const { index, id } = route?.params ?? {}
  const value = route?.query[PASSAGE]
  const [, start, end] = (typeof value === 'string' && RANGE.exec(value)) || []
  if (typeof index !== 'string' || typeof id !== 'string' || start === undefined || end === undefined) return null
  const length = Number(end) - Number(start)
  return length > 0 && length <= LONGEST ? { project: index, documentId: id, start: Number(start), end: Number(end) } : null
}
