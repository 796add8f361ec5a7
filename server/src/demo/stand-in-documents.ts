import type { FolderDocument, FolderDocuments } from '../datashare/folder.ts'
import { projectName } from '../datashare/access.ts'
import { readCallerQuery } from '../datashare/queries.ts'

export interface StandInProject {
  readonly name: string
  readonly label: string
  readonly description: string | null
}

/** A document as Elasticsearch answers it. */
export interface Hit {
  readonly _index: string
  readonly _id: string
  readonly _score: number
  readonly _routing: string
  readonly _source?: Readonly<Record<string, unknown>>
  /** Text around the first match, from our own listing only. */
  readonly snippet?: string
}

export interface ListQuery {
  readonly projects: readonly string[]
  /** Words that must all be there; none lists everything. */
  readonly words: string
  readonly from: number
  readonly size: number
}

/** The documents behind the stand-in. Who may see them is decided before. */
export interface StandInDocuments {
  projects(): Promise<StandInProject[]>
  /** What Elasticsearch answers to a search; null for a query that is not taken. */
  search(indices: string, query: unknown): Promise<unknown>
  /** The whole document; null where there is none. */
  document(project: string, id: string): Promise<Hit | null>
  list(query: ListQuery): Promise<{ items: Hit[], total: number }>
  /** Replaces the tags of a document. */
  setTags(project: string, id: string, tags: readonly string[]): Promise<void>
}

/** Unit by unit, so that a match has the same offsets in the text itself. */
const fold = (text: string): string => Array.from(text, (character) => {
  const folded = character.normalize('NFD').charAt(0).toLowerCase()
  return folded.length === character.length ? folded : character
}).join('')

const SNIPPET = 80

function snippetOf(content: string, folded: string, word: string | undefined): string {
  const at = word === undefined ? 0 : Math.max(folded.indexOf(word), 0)
  return content.slice(Math.max(at - SNIPPET, 0), at + SNIPPET).trim()
}

const sourceOf = (document: FolderDocument): Record<string, unknown> => ({
  type: 'Document',
  join: { name: 'Document' },
  id: document.id,
  projectId: 'prj',
  title: document.title,
  titleNorm: document.title.toLowerCase(),
  path: document.path,
  dirname: document.dirname,
  contentType: document.contentType,
  language: document.language,
  creationDate: document.creationDate,
  extractionDate: document.extractionDate,
  extractionLevel: document.parentId === null ? 0 : 1,
  parentDocument: document.parentId,
  rootDocument: document.rootId,
  tags: document.tags,
  status: 'INDEXED',
})

const hitOf = (project: string, document: FolderDocument, source?: Record<string, unknown>): Hit =>
  ({ _index: project, _id: document.id, _score: 0, _routing: document.rootId, ...source !== undefined && { _source: source } })

/** Answers exactly the queries that the companion sends as a caller, from the folder. */
export function folderBehindStandIn(folder: FolderDocuments): StandInDocuments {
  // The files stay as they are: changed tags live as long as the stand-in.
  const retagged = new Map<string, readonly string[]>()
  const documentsOf = async (project: string): Promise<FolderDocument[]> =>
    (await folder.documents(projectName(project))).map(document => ({ ...document, tags: retagged.get(`${project}/${document.id}`) ?? document.tags }))

  const withContent = async (project: string, document: FolderDocument): Promise<Record<string, unknown>> =>
    ({ ...sourceOf(document), content: await folder.content(projectName(project), document.id) ?? '' })

  async function hitsOf(project: string, query: NonNullable<ReturnType<typeof readCallerQuery>>): Promise<Hit[]> {
    const documents = await documentsOf(project)
    if (query.kind === 'tags') return documents.filter(({ tags }) => query.tags.some(tag => tags.includes(tag))).map(document => hitOf(project, document))
    const wanted = documents.filter(({ id }) => query.ids.includes(id))
    return Promise.all(wanted.map(async document => hitOf(project, document, query.content ? await withContent(project, document) : sourceOf(document))))
  }

  async function match(project: string, document: FolderDocument, words: readonly string[]): Promise<Hit[]> {
    const content = await folder.content(projectName(project), document.id) ?? ''
    const folded = fold(content)
    const title = fold(document.title)
    if (!words.every(word => folded.includes(word) || title.includes(word))) return []
    return [{ ...hitOf(project, document, sourceOf(document)), snippet: snippetOf(content, folded, words.find(word => folded.includes(word))) }]
  }

  return {
    projects: () => Promise.resolve([...folder.projects]),
    async search(indices, body) {
      const query = readCallerQuery(body)
      if (query === null || indices.includes(',')) return null
      const hits = await hitsOf(indices, query)
      return { took: 0, timed_out: false, hits: { total: { value: hits.length, relation: 'eq' }, max_score: 0, hits } }
    },
    async document(project, id) {
      const document = (await documentsOf(project)).find(known => known.id === id)
      return document === undefined ? null : hitOf(project, document, await withContent(project, document))
    },
    async list({ projects, words, from, size }) {
      const wanted = fold(words).split(/\s+/).filter(word => word !== '')
      const pages = await Promise.all(projects.map(async (project) => {
        const documents = await documentsOf(project)
        return (await Promise.all(documents.map(document => match(project, document, wanted)))).flat()
      }))
      const found = pages.flat()
      return { items: found.slice(from, from + size), total: found.length }
    },
    setTags(project, id, tags) {
      retagged.set(`${project}/${id}`, tags)
      return Promise.resolve()
    },
  }
}
