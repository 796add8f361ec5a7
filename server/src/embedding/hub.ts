import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { SimilarityError } from '@datashare-similarity/shared'
import { createWatchdog } from './watchdog.ts'

export interface HubOptions {
  /** Address of the model hub, or of a mirror of it. */
  readonly url: string
  /** A connection that brings nothing for that long is cut. */
  readonly stallMs?: number
  /** Wait before the second attempt; twice as long before each further one. */
  readonly retryMs?: number
  readonly signal?: AbortSignal
}

export interface HubFile {
  readonly repository: string
  readonly revision: string
  readonly path: string
}

const STALL_MS = 30_000
const RETRY_MS = 500
/** In a row, without a byte between them. */
const ATTEMPTS = 5
/** Answers that the next attempt may turn into another: too busy, or out of order for now. */
const PASSES = new Set([408, 425, 429, 500, 502, 503, 504])
const PARTIAL = 206
const NOTHING_LEFT = 416

/** The hub answered, and its answer will stay the same. */
class Refused extends Error {
  override readonly name = 'Refused'
}

const addressOf = (url: string, { repository, revision, path }: HubFile): string => `${url}/${repository}/resolve/${revision}/${path}`

/**
 * Downloads a file into a new one, and goes on where a connection was cut.
 * @param onBytes told how many bytes came, or, negative, that those of an attempt count no more; what it throws ends the download
 * @throws SimilarityError model_download_failed | what `onBytes` throws | the signal's reason | errors of the file system
 */
export async function download(file: HubFile, target: string, onBytes: (bytes: number) => void, options: HubOptions): Promise<void> {
  const { retryMs = RETRY_MS, signal } = options
  const output = await open(target, 'wx', 0o600)
  try {
    let received = 0
    for (let failures = 0; ;) {
      const before = received
      try {
        for await (const chunk of chunks(file, received, options)) {
          if (chunk === 'from the start') {
            onBytes(-received)
            received = 0
            await output.truncate(0)
            continue
          }
          onBytes(chunk.length)
          await write(output, chunk, received)
          received += chunk.length
        }
        await output.sync()
        return
      } catch (error) {
        signal?.throwIfAborted()
        if (!isOfConnection(error)) throw error
        failures = received > before ? 1 : failures + 1
        if (error instanceof Refused || failures >= ATTEMPTS) throw failed(file, error)
        await pause(retryMs * 2 ** (failures - 1), undefined, { signal })
      }
    }
  } finally {
    await output.close()
  }
}

async function* chunks(file: HubFile, from: number, { url, stallMs = STALL_MS, signal }: HubOptions): AsyncGenerator<Uint8Array | 'from the start'> {
  const stall = new AbortController()
  const watchdog = createWatchdog(() => stall.abort(new TypeError('nothing came for too long')))
  watchdog.expect(stallMs)
  try {
    const response = await fetch(addressOf(url, file), {
      // Compressed, a range would be one of other bytes
      headers: { 'Accept-Encoding': 'identity', ...(from > 0 && { Range: `bytes=${from}-` }) },
      signal: signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]),
    })
    if (response.status === NOTHING_LEFT) return
    if (!response.ok) throw PASSES.has(response.status) ? new TypeError(`it answers ${response.status}`) : new Refused(`it answers ${response.status}`)
    if (from > 0 && response.status !== PARTIAL) yield 'from the start'
    for await (const chunk of response.body ?? []) {
      watchdog.rest()
      yield chunk
      watchdog.expect(stallMs)
    }
  } finally {
    watchdog.rest()
  }
}

/** All of it: a file system may take less at once. */
async function write(output: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    written += (await output.write(chunk, written, chunk.length - written, position + written)).bytesWritten
  }
}

/** fetch throws a TypeError for whatever is wrong with a connection. */
const isOfConnection = (error: unknown): error is Error => error instanceof TypeError || error instanceof Refused

function failed({ repository, path }: HubFile, error: Error): SimilarityError {
  const reason = error.cause instanceof Error ? error.cause.message : error.message
  return new SimilarityError('model_download_failed', { detail: `The model hub does not give the file ${path} of ${repository}: ${reason}.`, cause: error })
}
