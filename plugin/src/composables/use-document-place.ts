import { useCore, type Location, type Query } from '../host/core.ts'
import { PASSAGE, useOpenedPassageStore, withoutPassage, type PassageRange } from '../stores/opened-passage.ts'

export interface DocumentPlace {
  readonly project: string
  readonly documentId: string
  /** Routing of a document that lies inside of another one. */
  readonly rootId?: string | null | undefined
  /** Where in its text to open it. */
  readonly passage?: (PassageRange & { readonly text: string }) | null | undefined
}

/** Where documents open in Datashare, at a passage where one is given. */
export function useDocumentPlace() {
  const core = useCore()
  const store = useOpenedPassageStore()

  const paramsOf = ({ project, documentId, rootId }: DocumentPlace) => ({ index: project, id: documentId, ...(rootId && { routing: rootId }) })
  // Of the parts of a document, its text is the one that has passages.
  const queryOf = ({ passage }: DocumentPlace): Query => (passage ? { tab: 'text', [PASSAGE]: `${passage.start}-${passage.end}` } : {})

  /** In the view, or the modal, that shows the present one. */
  function here(place: DocumentPlace): Location {
    const { name, query } = core.router?.currentRoute.value ?? {}
    return {
      name: String(name).startsWith('document-standalone') ? 'document-standalone' : 'document',
      params: paramsOf(place),
      query: { ...withoutPassage(query), ...queryOf(place) },
    }
  }

  /** On a page of its own: the whole address. */
  function alone(place: DocumentPlace): string {
    const location: Location = { name: 'document-standalone', params: paramsOf(place), query: queryOf(place) }
    return new URL(core.router?.resolve(location).href ?? '', window.location.href).href
  }

  function remember({ project, documentId, passage }: DocumentPlace): void {
    if (passage) store.remember({ project, documentId, start: passage.start, end: passage.end }, passage.text)
  }

  return { here, alone, remember }
}
