import { hash } from 'node:crypto'
import { SimilarityError } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'
import type { DocumentRef, DocumentSource, SourceDocument } from '../datashare/source.ts'

/** Documents in memory, with the counters and the faults that a test of the chain needs. */
export interface MemoryDocuments extends DocumentSource {
  put(project: ProjectName, document: Partial<SourceDocument> & { id: string, content: string }): void
  delete(project: ProjectName, id: string): void
  /** While true, every call is refused as by an Elasticsearch that does not answer. */
  unreachable: boolean
  /** Called before each content is handed out. */
  beforeRead: (id: string) => Promise<void> | void
  readonly scans: number
  /** Ids of the documents whose contents were read, in order. */
  readonly reads: readonly string[]
}

const PAGE = 3

export function createMemoryDocuments(): MemoryDocuments {
  const projects = new Map<ProjectName, Map<string, SourceDocument>>()
  const reads: string[] = []
  let scans = 0
  const of = (project: ProjectName): Map<string, SourceDocument> => projects.get(project) ?? new Map<string, SourceDocument>()

  const documents: MemoryDocuments = {
    unreachable: false,
    beforeRead: () => undefined,
    get scans() {
      return scans
    },
    reads,
    put: (project, document) => void projects.set(project, of(project).set(document.id, aSourceDocument(document))),
    delete: (project, id) => void of(project).delete(id),

    async* scan(project, signal) {
      scans++
      const all = [...of(project).values()].map(toRef)
      for (let from = 0; from < all.length; from += PAGE) {
        await answer(documents, signal)
        yield all.slice(from, from + PAGE)
      }
    },
    async* fetch(project, refs, signal) {
      for (const { id } of refs) {
        await documents.beforeRead(id)
        await answer(documents, signal)
        const document = of(project).get(id)
        if (document === undefined) continue
        reads.push(id)
        yield document
      }
    },
    async count(project) {
      await answer(documents)
      const all = [...of(project).values()]
      return { documents: all.length, characters: all.reduce((sum, { characters }) => sum + characters, 0) }
    },
    ping: () => answer(documents),
    close: () => Promise.resolve(),
  }
  return documents
}

function answer({ unreachable }: MemoryDocuments, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal?.throwIfAborted()
    if (unreachable) throw new SimilarityError('elasticsearch_unreachable')
    resolve()
  })
}

const toRef = ({ id, rootId, extractionDate, characters }: DocumentRef): DocumentRef => ({ id, rootId, extractionDate, characters })

function aSourceDocument(document: Partial<SourceDocument> & { id: string, content: string }): SourceDocument {
  return {
    rootId: document.id,
    parentId: null,
    extractionDate: '2026-01-01T00:00:00.000Z',
    characters: document.content.length,
    title: `${document.id}.txt`,
    path: `/vault/${document.id}.txt`,
    dirname: '/vault',
    contentType: 'text/plain',
    language: 'ENGLISH',
    creationDate: null,
    truncated: false,
    ...document,
  }
}

const PEOPLE = ['The trustee', 'A nominee director', 'The harbour master', 'An accountant', 'The notary', 'Her cousin', 'The registrar', 'A shipping agent']
const DEEDS = ['signed the transfer of', 'quietly sold', 'insured', 'refused to audit', 'mortgaged', 'wired the price of', 'described', 'backdated the papers of']
const THINGS = ['a villa above the bay', 'forty containers of copper', 'the shares of a shell company', 'a fishing licence', 'an apartment in Lisbon', 'the yacht', 'two paintings', 'a loan to the minister']

/** Sentences of plain English, different for each number, of about so many characters. */
export function prose(number: number, characters: number): string {
  const sentences: string[] = []
  for (let length = 0, index = 0; length < characters; index++) {
    const dice = hash('md5', `${number}.${index}`, 'buffer')
    const pick = (from: readonly string[], at: number): string => from[dice.readUInt8(at) % from.length] ?? ''
    const sentence = `${pick(PEOPLE, 0)} ${pick(DEEDS, 1)} ${pick(THINGS, 2)} on day ${dice.readUInt8(3)} of file ${number}.`
    sentences.push(sentence)
    length += sentence.length + 1
  }
  return sentences.join(' ')
}
