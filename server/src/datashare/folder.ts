import { hash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'
import { projectName, type ProjectName } from './access.ts'
import { cutContent } from './document-fields.ts'
import type { DocumentRef, DocumentSource, SourceDocument } from './source.ts'

export interface FolderProject {
  readonly name: ProjectName
  readonly label: string
  readonly description: string
}

/** What Datashare would know of a document without its content. */
export interface FolderDocument extends Omit<SourceDocument, 'content' | 'truncated' | 'characters'> {
  readonly tags: readonly string[]
}

/** A folder of extracted texts in the place of Datashare's index, for the demo. A document whose text is deleted is gone. */
export interface FolderDocuments extends DocumentSource {
  readonly projects: readonly FolderProject[]
  /** The documents that are there now. */
  documents(project: ProjectName): Promise<FolderDocument[]>
  /** Null where there is no such document, or its text is gone. */
  content(project: ProjectName, id: string): Promise<string | null>
}

const PathSchema = z.string().min(1).refine(path => !path.startsWith('/') && !path.split('/').includes('..'), { error: 'must stay in the folder' })
const CollectionSchema = z.object({
  projects: z.array(z.object({
    name: z.string(),
    label: z.string(),
    description: z.string(),
    documents: z.array(z.object({
      path: PathSchema,
      language: z.string(),
      contentType: z.string(),
      creationDate: z.string().nullable(),
      tags: z.array(z.string()),
      attachmentOf: PathSchema.optional(),
    })),
  })),
})
type CollectionDocument = z.infer<typeof CollectionSchema>['projects'][number]['documents'][number]

interface Entry {
  readonly file: string
  readonly document: Omit<FolderDocument, 'extractionDate'>
}

interface Listed {
  readonly file: string
  readonly document: FolderDocument
}

/** Of the length and, like Datashare's own, different in each project. */
const idOf = (project: ProjectName, path: string): string => hash('sha384', `${project}\0${path}`)

/** An attachment stands at its container's path, under its own name. Containers of containers lead to the root. */
function entryOf(dir: string, project: ProjectName, described: CollectionDocument, containerOf: (path: string) => string | undefined): Entry {
  const { path, attachmentOf, language, contentType, creationDate, tags } = described
  let root = path
  for (let container = attachmentOf; container !== undefined; container = containerOf(container)) root = container
  const shown = `/vault/${project}/${root}`
  return {
    file: `${join(dir, project, path)}.txt`,
    document: {
      id: idOf(project, path),
      rootId: idOf(project, root),
      parentId: attachmentOf === undefined ? null : idOf(project, attachmentOf),
      title: posix.basename(path),
      path: shown,
      dirname: posix.dirname(shown),
      contentType, language, creationDate,
      tags: tags.map(tag => tag.toLowerCase()),
    },
  }
}

async function readCollection(dir: string): Promise<z.infer<typeof CollectionSchema>> {
  try {
    return CollectionSchema.parse(JSON.parse(await readFile(join(dir, 'collection.json'), 'utf8')))
  } catch (cause) {
    throw new SimilarityError('configuration_wrong', { cause, detail: 'The collection.json of the folder of documents cannot be read.' })
  }
}

async function orGone<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch {
    return null
  }
}

async function listed({ file, document }: Entry): Promise<Listed[]> {
  const facts = await orGone(stat(file))
  return facts === null ? [] : [{ file, document: { ...document, extractionDate: facts.mtime.toISOString() } }]
}

async function refOf({ file, document }: Listed): Promise<DocumentRef[]> {
  const content = await orGone(readFile(file, 'utf8'))
  return content === null ? [] : [{ id: document.id, rootId: document.rootId, extractionDate: document.extractionDate, characters: content.length }]
}

/** Reads `<dir>/collection.json`; the text of a document is `<dir>/<project>/<path>.txt`, read when it is asked for. */
export async function openFolderDocuments(dir: string): Promise<FolderDocuments> {
  const collection = await readCollection(dir)
  const entries = new Map(collection.projects.map(({ name, documents }) => {
    const project = projectName(name)
    const containers = new Map(documents.map(({ path, attachmentOf }) => [path, attachmentOf]))
    return [project, documents.map(document => entryOf(dir, project, document, path => containers.get(path)))]
  }))

  function entriesOf(project: ProjectName): Entry[] {
    const found = entries.get(project)
    if (found === undefined) throw new SimilarityError('index_missing')
    return found
  }

  const list = async (project: ProjectName): Promise<Listed[]> => (await Promise.all(entriesOf(project).map(listed))).flat()
  const refs = async (project: ProjectName): Promise<DocumentRef[]> => (await Promise.all((await list(project)).map(refOf))).flat()

  async function read(project: ProjectName, id: string): Promise<SourceDocument | null> {
    const entry = entriesOf(project).find(({ document }) => document.id === id)
    const found = entry === undefined ? undefined : (await listed(entry))[0]
    const text = found === undefined ? null : await orGone(readFile(found.file, 'utf8'))
    if (found === undefined || text === null) return null
    return { ...found.document, ...cutContent(text), characters: text.length }
  }

  return {
    projects: collection.projects.map(({ name, label, description }) => ({ name: projectName(name), label, description })),
    documents: async project => (await list(project)).map(({ document }) => document),
    content: async (project, id) => (await read(project, id))?.content ?? null,
    async* scan(project, signal) {
      signal.throwIfAborted()
      yield refs(project)
    },
    async* fetch(project, wanted, signal) {
      for (const ref of wanted) {
        signal.throwIfAborted()
        const document = await read(project, ref.id)
        if (document !== null) yield document
      }
    },
    async count(project) {
      const found = await refs(project)
      return { documents: found.length, characters: found.reduce((sum, { characters }) => sum + characters, 0) }
    },
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
