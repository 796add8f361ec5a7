import { getJson } from './api.ts'

export interface DocumentSource {
  title?: string | null
  path?: string
  dirname?: string
  contentType?: string
  contentLength?: number
  language?: string
  creationDate?: string | null
  extractionDate?: string | null
  rootDocument?: string | null
  parentDocument?: string | null
  tags?: string[]
  content?: string
}

export interface DocumentHit {
  _index: string
  _id: string
  _routing?: string
  _source: DocumentSource
  /** Text around the first word found: the demo's own listing has it, Datashare has not. */
  snippet?: string
}

/** A document as Datashare hands it to hooks; made from a hit of Elasticsearch. */
export class EsDocument {
  readonly raw: DocumentHit

  constructor(raw: DocumentHit) { this.raw = raw }

  get source(): DocumentSource { return this.raw._source }
  get id(): string { return this.raw._id }
  get index(): string { return this.raw._index }
  get routing(): string { return this.raw._routing ?? this.source.rootDocument ?? this.id }
  get path(): string { return this.source.path ?? '' }
  get basename(): string { return this.path.split('/').at(-1) ?? '' }
  get title(): string { return this.source.title ?? (this.basename === '' ? this.id : this.basename) }
  get contentType(): string { return this.source.contentType ?? 'unknown' }
  get routerParams(): { index: string, id: string, routing: string } { return { index: this.index, id: this.id, routing: this.routing } }
  get route(): { name: string, params: { index: string, id: string, routing: string } } { return { name: 'document', params: this.routerParams } }
}

interface DocumentPage {
  items: DocumentHit[]
  pagination: { total: number }
}

export interface DocumentPageQuery {
  projects: readonly string[]
  q?: string
  from?: number
  size: number
}

/** One page of the keyword search of the demo. */
export async function searchDocuments({ projects, q = '', from = 0, size }: DocumentPageQuery, signal?: AbortSignal): Promise<{ documents: EsDocument[], total: number }> {
  const query = new URLSearchParams({ project: projects.join(','), q, from: String(from), size: String(size) })
  const page = await getJson(`/demo/documents?${query.toString()}`, signal) as unknown as DocumentPage
  return { documents: page.items.map(hit => new EsDocument(hit)), total: page.pagination.total }
}

/** The whole document, content included. */
export async function getDocument(index: string, id: string, routing: string, signal?: AbortSignal): Promise<EsDocument> {
  const path = `/api/${encodeURIComponent(index)}/documents/${encodeURIComponent(id)}?routing=${encodeURIComponent(routing)}`
  const source: DocumentSource = await getJson(path, signal)
  return new EsDocument({ _index: index, _id: id, _routing: routing, _source: source })
}
