import { posix } from 'node:path'
import { projectName } from '../datashare/access.ts'
import { cutContent } from '../datashare/document-fields.ts'
import type { FolderDocuments } from '../datashare/folder.ts'
import type { SourceDocument } from '../datashare/source.ts'

interface Text { id: string, content: string, tags?: string[], extractionDate?: string, language?: string }

/** What Datashare has indexed, to be changed while the companion runs. */
export interface EditableDocuments extends FolderDocuments {
  put(project: string, document: Text): void
  remove(project: string, id: string): void
}

export function createEditableDocuments(contents: Readonly<Record<string, Readonly<Record<string, string>>>>): EditableDocuments {
  const projects = new Map(Object.entries(contents).map(([name, texts]) =>
    [name, new Map<string, Text>(Object.entries(texts).map(([id, content]) => [id, { id, content }]))]))
  const of = (project: string): Text[] => [...projects.get(project)?.values() ?? []]
  const shown = ({ id, tags, extractionDate, language }: Text) => {
    const path = `/vault/${id}.txt`
    return {
      id, rootId: id, parentId: null, title: `${id}.txt`, path, dirname: posix.dirname(path), contentType: 'text/plain', language: language ?? 'ENGLISH',
      creationDate: null, extractionDate: extractionDate ?? '2026-01-01T00:00:00.000Z', tags: tags ?? [],
    }
  }
  const read = (text: Text): SourceDocument => ({ ...shown(text), ...cutContent(text.content), characters: text.content.length })

  return {
    projects: [...projects.keys()].map(name => ({ name: projectName(name), label: name, description: '' })),
    put: (project, document) => void projects.get(project)?.set(document.id, document),
    remove: (project, id) => void projects.get(project)?.delete(id),
    documents: project => Promise.resolve(of(project).map(shown)),
    content: (project, id) => Promise.resolve(projects.get(project)?.get(id)?.content ?? null),
    // eslint-disable-next-line @typescript-eslint/require-await -- the port reads from afar
    async* scan(project, signal) {
      signal.throwIfAborted()
      yield of(project).map(text => ({ ...shown(text), characters: text.content.length }))
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- the port reads from afar
    async* fetch(project, refs, signal) {
      for (const { id } of refs) {
        signal.throwIfAborted()
        const text = projects.get(project)?.get(id)
        if (text !== undefined) yield read(text)
      }
    },
    count: project => Promise.resolve({ documents: of(project).length, characters: of(project).reduce((sum, { content }) => sum + content.length, 0) }),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
