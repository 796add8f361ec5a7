import { defineStore } from 'pinia'
import { reactive, watch } from 'vue'
import { useCore } from '../host/core.ts'

const KEPT = 5_000
const PREFIX = 'similarity.marks.'

interface Marks { seen: string[], hidden: string[] }

/**
 * What the reader has opened and what he does not want to see again, by project. In the storage of the tab's session: which
 * documents of a leak somebody looked at is a trace, and must not outlive the tab on a shared machine.
 */
export const useReadingMarksStore = defineStore('similarity-reading-marks', () => {
  const core = useCore()
  const documentStore = core.stores.useDocumentStore(core.pinia)
  const projects = reactive(new Map<string, Marks>())

  function of(project: string): Marks {
    const known = projects.get(project)
    if (known) return known
    projects.set(project, reactive(stored(project)))
    return projects.get(project) ?? { seen: [], hidden: [] }
  }

  function mark(project: string, kind: keyof Marks, id: string): void {
    const marks = of(project)
    if (marks[kind].includes(id)) return
    marks[kind] = [...marks[kind], id].slice(-KEPT)
    store(project, marks)
  }

  function unhide(project: string): void {
    const marks = of(project)
    marks.hidden = []
    store(project, marks)
  }

  watch(() => documentStore.document, (document) => {
    if (document) mark(document.index, 'seen', document.id)
  }, { immediate: true })

  return {
    isSeen: (project: string, id: string) => of(project).seen.includes(id),
    isHidden: (project: string, id: string) => of(project).hidden.includes(id),
    hide: (project: string, id: string) => mark(project, 'hidden', id),
    unhide,
  }
})

function stored(project: string): Marks {
  try {
    const { seen, hidden } = JSON.parse(sessionStorage.getItem(PREFIX + project) ?? '{}') as Partial<Marks>
    return { seen: Array.isArray(seen) ? seen : [], hidden: Array.isArray(hidden) ? hidden : [] }
  } catch {
    return { seen: [], hidden: [] }
  }
}

function store(project: string, marks: Marks): void {
  try {
    sessionStorage.setItem(PREFIX + project, JSON.stringify(marks))
  } catch {
    // No room, or no storage allowed: the marks last as long as the page.
  }
}
