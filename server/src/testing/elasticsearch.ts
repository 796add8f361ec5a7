import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { createInterface } from 'node:readline'

const NODE_DIR = join(import.meta.dirname, '../../../e2e/elasticsearch')
/** The first start builds the node and may have to fetch its jars. */
const START_TIMEOUT = 300_000

export interface TestElasticsearch {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
  /** Stops the node, and starts it again at the same address with what it held. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
}

/** Whether a real Elasticsearch can be started here: Java 17 or later, and Maven. */
export function hasJava(least = 17): boolean {
  const version = /version "(\d+)/.exec(String(spawnSync('java', ['-version']).stderr))?.[1]
  return Number(version) >= least && spawnSync('mvn', ['-version']).status === 0
}

function started(node: ChildProcess): Promise<string> {
  const { stdout, stderr } = node
  if (stdout === null || stderr === null) throw new Error('The node has no pipes')
  let said = ''
  stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-2_000) })
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`Elasticsearch did not start in time: ${said}`)), START_TIMEOUT)
    node.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`Elasticsearch ended with status ${code ?? 'of a signal'} before it started: ${said}`))
    })
    createInterface({ input: stdout }).on('line', (line) => {
      const url = /^STARTED (\S+)$/.exec(line)?.[1]
      if (url === undefined) return
      clearTimeout(late)
      resolve(url)
    })
  })
}

/** A node of the tests lives for a minute: what the optimizing compiler takes it never gives back. */
const SHORT_LIVED = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'

/** A real node on a free port of the loopback, with a home of its own that goes with it. */
export async function startElasticsearch(): Promise<TestElasticsearch> {
  const home = await mkdtemp(join(tmpdir(), 'similarity-elasticsearch-'))
  let running = run('0', home)
  const stop = async (): Promise<void> => {
    await running.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    const url = await started(running.node)
    return {
      url,
      get pid() { return running.node.pid ?? 0 },
      stop,
      goAway: () => running.stop(),
      async comeBack() {
        running = run(new URL(url).port, home)
        await started(running.node)
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function run(port: string, home: string): { node: ChildProcess, stop: () => Promise<void> } {
  const node = spawn(join(NODE_DIR, 'run.sh'), [port, home], { stdio: ['ignore', 'pipe', 'pipe'], env: { ES_JAVA_OPTS: SHORT_LIVED, ...process.env } })
  const kill = (): void => void node.kill('SIGTERM')
  process.once('exit', kill)
  const ended = new Promise<void>(resolve => node.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    kill()
    await ended
    process.removeListener('exit', kill)
  }
  return { node, stop }
}

async function send(url: string, method: string, body: string, type = 'application/json'): Promise<unknown> {
  const response = await fetch(url, { method, body, headers: { 'Content-Type': type } })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`Elasticsearch answered ${response.status} to ${method}: ${JSON.stringify(answer).slice(0, 500)}`)
  return answer
}

/** Makes an index as Datashare makes one for a project. */
export async function createProjectIndex(url: string, project: string): Promise<void> {
  await send(`${url}/${project}`, 'PUT', await readFile(join(NODE_DIR, 'datashare-index.json'), 'utf8'))
}

export interface IndexedDocument {
  readonly id: string
  readonly routing: string
  readonly source: Readonly<Record<string, unknown>>
}

async function bulk(url: string, project: string, lines: readonly unknown[]): Promise<void> {
  const answer = await send(`${url}/${project}/_bulk?refresh=true`, 'POST', lines.map(line => `${JSON.stringify(line)}\n`).join(''), 'application/x-ndjson')
  if (typeof answer === 'object' && answer !== null && 'errors' in answer && answer.errors === true) throw new Error(`Elasticsearch refused a line: ${JSON.stringify(answer).slice(0, 500)}`)
}

/** Writes and makes visible at once. */
export async function indexDocuments(url: string, project: string, documents: readonly IndexedDocument[]): Promise<void> {
  for (let from = 0; from < documents.length; from += 1_000) {
    await bulk(url, project, documents.slice(from, from + 1_000).flatMap(({ id, routing, source }) => [{ index: { _id: id, routing } }, source]))
  }
}

export async function deleteDocuments(url: string, project: string, documents: readonly IndexedDocument[]): Promise<void> {
  await bulk(url, project, documents.map(({ id, routing }) => ({ delete: { _id: id, routing } })))
}

export interface DocumentParts {
  readonly path?: string
  readonly title?: string
  readonly content?: string | null
  readonly language?: string
  readonly contentType?: string
  readonly creationDate?: string | null
  readonly extractionDate?: string
  readonly tags?: readonly string[]
  /** Its container: then the path is the container's, and the title the attachment's own name. */
  readonly attachmentOf?: IndexedDocument
}

const idOf = (text: string): string => hash('sha384', text)
let made = 0

/** A document of the shape that Datashare writes; each call makes another one, unless path and title are the same. */
export function aDocument(parts: DocumentParts = {}): IndexedDocument {
  made += 1
  const { attachmentOf: container, content = `Document ${made}.` } = parts
  const path = container === undefined ? parts.path ?? `/vault/demo/document-${made}.txt` : String(container.source['path'])
  const title = parts.title ?? (container === undefined ? posix.basename(path) : `attachment-${made}.txt`)
  const id = idOf(`${path}\0${title}`)
  const root = container?.routing ?? id
  return {
    id,
    routing: root,
    source: {
      type: 'Document', join: { name: 'Document' }, id, projectId: 'prj', status: 'INDEXED',
      title, titleNorm: title.toLowerCase(), path, dirname: posix.dirname(path),
      language: parts.language ?? 'ENGLISH', contentType: parts.contentType ?? 'text/plain', contentTypeCategory: 'OTHER', contentEncoding: 'UTF-8',
      content, content_translated: [], contentLength: container === undefined ? content?.length ?? 0 : -1, contentTextLength: content?.length ?? 0,
      creationDate: parts.creationDate ?? null, extractionDate: parts.extractionDate ?? '2026-03-02T10:00:00.375Z', extractionLevel: container === undefined ? 0 : 1,
      parentDocument: container?.id ?? null, rootDocument: root, tags: parts.tags ?? [], nerTags: [], metadata: { tika_metadata_resourcename: title },
    },
  }
}

/** A second file with the bytes of a document. */
export const aDuplicate = (of: IndexedDocument, path: string): IndexedDocument => ({
  id: idOf(path),
  routing: of.id,
  source: { type: 'Duplicate', join: { name: 'Duplicate', parent: of.id }, documentId: of.id, path: `file://${path}` },
})

/** A name that Datashare found in a document. */
export const aNamedEntity = (of: IndexedDocument, mention: string): IndexedDocument => ({
  id: idOf(`${of.id}\0${mention}`),
  routing: of.routing,
  source: {
    type: 'NamedEntity', join: { name: 'NamedEntity', parent: of.id }, documentId: of.id, rootDocument: of.routing,
    mention, mentionNorm: mention.toLowerCase(), category: 'PERSON', offsets: [0], extractor: 'CORENLP', extractorLanguage: 'ENGLISH', isHidden: false,
  },
})
