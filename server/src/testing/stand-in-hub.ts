import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { EmbeddingModel } from '../embedding/model.ts'
import { serveHttp, type TestServer } from './http.ts'

/** How the hub answers a request for a file, in place of its bytes. */
export type HubFault = (response: ServerResponse, bytes: Buffer, from: number, attempt: number) => void

export interface StandInHub extends TestServer {
  /** Paths that were asked for, with the range. */
  readonly asked: { path: string, range: string | undefined }[]
  /** By the end of the path. */
  readonly faults: Map<string, HubFault>
}

/** A model hub with one model, whose files lie in a folder. Large files are given by another address, to which it sends the reader on, as hubs do. */
export async function startHub({ repository, revision, files }: EmbeddingModel, folder: string): Promise<StandInHub> {
  const asked: StandInHub['asked'] = []
  const faults: StandInHub['faults'] = new Map()
  const contents = new Map<string, Buffer>()
  for (const path of Object.keys(files)) contents.set(`/${repository}/resolve/${revision}/${path}`, await readFile(join(folder, path)))
  const storage = await serveHttp((request, response) => {
    const path = request.url ?? ''
    const bytes = contents.get(path)
    if (bytes === undefined) {
      response.writeHead(404).end()
      return
    }
    asked.push({ path, range: request.headers.range })
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const fault = [...faults].find(([end]) => path.endsWith(end))?.[1]
    if (fault !== undefined) fault(response, bytes, from, asked.filter(each => each.path === path).length)
    else response.writeHead(from === 0 ? 200 : 206, { 'Content-Length': bytes.length - from }).end(bytes.subarray(from))
  })
  const hub = await serveHttp((request, response) => void response.writeHead(302, { Location: `${storage.url}${request.url ?? ''}` }).end())
  return {
    url: hub.url, asked, faults,
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      await storage[Symbol.asyncDispose]()
    },
  }
}

/** The model that a folder holds, as an entry of a registry would pin it. */
export async function pinned(folder: string, model: Omit<EmbeddingModel, 'files' | 'bytes' | 'repository' | 'bundled'>): Promise<EmbeddingModel> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
  const files = Object.fromEntries(await Promise.all(paths.map(async path => [path, createHash('sha256').update(await readFile(join(folder, path))).digest('hex')] as const)))
  const sizes = await Promise.all(paths.map(path => stat(join(folder, path))))
  return { ...model, files, bytes: sizes.reduce((sum, { size }) => sum + size, 0), repository: 'made/letters', bundled: false }
}
