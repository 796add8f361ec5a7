import type { HydratedDocument, Hydrator } from '../datashare/hydrate.ts'

export interface MemoryHydrator extends Hydrator {
  /** What the caller does not see: as if Datashare did not give it, or had deleted it. */
  readonly hidden: Set<string>
  readonly tags: Map<string, string[]>
}

/** Answers like Datashare's search proxy, for documents in memory. */
export function createMemoryHydrator(documents: ReadonlyMap<string, HydratedDocument & { content: string }>): MemoryHydrator {
  const hidden = new Set<string>()
  const tags = new Map<string, string[]>()
  const visible = (id: string): (HydratedDocument & { content: string }) | null => (hidden.has(id) ? null : documents.get(id) ?? null)
  return {
    hidden,
    tags,
    documents: (_project, ids) => Promise.resolve(new Map(ids.flatMap((id) => {
      const document = visible(id)
      return document === null ? [] : [[id, document]]
    }))),
    content: (_project, id) => Promise.resolve(visible(id)),
    withTags: (_project, names) => Promise.resolve(names.flatMap(name => tags.get(name) ?? [])),
  }
}
