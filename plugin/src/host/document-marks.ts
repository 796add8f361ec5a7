import { useCore } from './core.ts'

interface Marked { readonly index: string, readonly id: string }

export interface DocumentMarks {
  /** Null where this Datashare has no stars. */
  readonly star: { isSet(document: Marked): boolean, toggle(document: Marked): Promise<void> } | null
  /** Null where this Datashare's interface cannot be called. Labels are words without spaces, as Datashare keeps them. */
  readonly tags: {
    of(document: Marked): Promise<string[]>
    add(document: Marked, label: string): Promise<void>
    remove(document: Marked, label: string): Promise<void>
  } | null
}

/** Stars and tags are Datashare's own: they are read and set through its client, as the signed-in user. */
export function useDocumentMarks(): DocumentMarks {
  const core = useCore()
  return { star: starsOf(core), tags: tagsOf(core) }
}

function starsOf({ stores, pinia }: ReturnType<typeof useCore>): DocumentMarks['star'] {
  const store = stores.useStarredStore(pinia)
  if (store === null) return null
  return {
    isSet: document => store.isStarred(document),
    toggle: async (document) => { await store.toggleStarDocument(document) },
  }
}

function tagsOf({ api }: ReturnType<typeof useCore>): DocumentMarks['tags'] {
  if (typeof api?.sendAction !== 'function') return null
  const send = (url: string, data?: object) => Promise.resolve(api.sendAction?.(url, data === undefined ? {} : { method: 'POST', data }))
  const documents = (index: string) => `/api/${encodeURIComponent(index)}/documents`
  const update = async ({ index, id }: Marked, verb: 'tag' | 'untag', label: string) => {
    await send(`${documents(index)}/batchUpdate/${verb}`, { docIds: [id], tags: [label] })
  }
  return {
    async of({ index, id }) {
      const answer = await send(`${documents(index)}/tags/${encodeURIComponent(id)}`)
      return Array.isArray(answer) ? answer.flatMap((tag: unknown) => labelOf(tag)) : []
    },
    add: (document, label) => update(document, 'tag', label),
    remove: (document, label) => update(document, 'untag', label),
  }
}

function labelOf(tag: unknown): string[] {
  return typeof tag === 'object' && tag !== null && 'label' in tag && typeof tag.label === 'string' ? [tag.label] : []
}
