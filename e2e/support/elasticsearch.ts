import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aDocument, createProjectIndex, indexDocuments, startElasticsearch, type IndexedDocument, type TestElasticsearch } from '../../server/src/testing/elasticsearch.ts'
import { COLLECTION } from './demo.ts'

interface Described {
  path: string
  language: string
  contentType: string
  creationDate: string | null
  tags: string[]
  attachmentOf?: string
}
interface Collection { projects: { name: string, documents: Described[] }[] }

/** A real Elasticsearch with the sample collection in it, as Datashare would have indexed it: attachments are routed to their container. */
export async function startFilledElasticsearch(): Promise<TestElasticsearch> {
  const elasticsearch = await startElasticsearch()
  const { projects } = JSON.parse(await readFile(join(COLLECTION, 'collection.json'), 'utf8')) as Collection
  for (const { name, documents } of projects) {
    await createProjectIndex(elasticsearch.url, name)
    await indexDocuments(elasticsearch.url, name, await indexed(name, documents))
  }
  return elasticsearch
}

/** Containers stand before their attachments in the collection. */
async function indexed(project: string, documents: readonly Described[]): Promise<IndexedDocument[]> {
  const made = new Map<string, IndexedDocument>()
  for (const { path, attachmentOf, ...parts } of documents) {
    const content = await readFile(join(COLLECTION, project, `${path}.txt`), 'utf8')
    const container = attachmentOf === undefined ? undefined : made.get(attachmentOf)
    const where = container === undefined ? { path: `/vault/${project}/${path}` } : { attachmentOf: container, title: path.slice(path.lastIndexOf('/') + 1) }
    made.set(path, aDocument({ ...parts, ...where, content }))
  }
  return [...made.values()]
}
