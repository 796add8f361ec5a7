import type { HydratedDocument, Hydrator } from '../datashare/hydrate.ts'

/** Where ids are all that is wanted, and who may see them is asked later: every document is there, and nothing is known of it. */
export const idsOnly: Hydrator = {
  documents: (_project, ids) => Promise.resolve(new Map(ids.map((id): [string, HydratedDocument] =>
    [id, { id, rootId: id, title: '', path: '', contentType: '', language: '', creationDate: null }]))),
  content: () => Promise.resolve(null),
  withTags: () => Promise.resolve([]),
}
