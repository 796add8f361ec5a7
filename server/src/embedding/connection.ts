import { fork, type ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SimilarityError } from '@datashare-similarity/shared'
import { isReply, type Reply, type Request } from './messages.ts'
import type { EmbeddingModel } from './model.ts'

/** What a model process is started with. */
export interface ProcessOptions {
  readonly folder: string
  readonly model: EmbeddingModel
  /** For documents: gives way to everything else on the machine. */
  readonly isBackground: boolean
}

/** The process ended before it answered. Tried once more on its successor, and unknown outside of this room. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone'
}

/** One life of a model process, from its start to its end. */
export interface Connection {
  readonly pid: number
  /** Resolves when the process is gone, for whatever reason. */
  readonly gone: Promise<void>
  /** @throws ProcessGone | the signal's reason | SimilarityError embedder_unavailable (a text), document_failed (a document) */
  ask<Type extends Reply['type']>(request: Request, type: Type, signal?: AbortSignal): Promise<Reply & { type: Type }>
  /** Gives a job up. */
  end(job: number): void
  kill(): Promise<void>
}

const BACKGROUND_PRIORITY = 10
const SOURCE = extname(import.meta.url)

/** Secrets of the companion's environment stay with the companion. */
const childEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(['PATH', 'SystemRoot'].flatMap(name => process.env[name] === undefined ? [] : [[name, process.env[name]]]))

function start(isBackground: boolean): ChildProcess {
  const child = fork(fileURLToPath(new URL(`./process${SOURCE}`, import.meta.url)), {
    serialization: 'advanced',
    execArgv: SOURCE === '.ts' ? ['--conditions=@similarity/source'] : [],
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  // At once: the threads that it starts inherit the priority
  if (isBackground && child.pid !== undefined) setPriority(child.pid, BACKGROUND_PRIORITY)
  return child
}

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

const aborted = (signal: AbortSignal): Error => signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason })

/** Starts a process and loads the model into it. @throws ProcessGone where it ends before it is ready | SimilarityError embedder_unavailable where it cannot load */
export async function connect({ folder, model, isBackground }: ProcessOptions): Promise<Connection> {
  const child = start(isBackground)
  const waiting = new Map<number, Waiting>()
  const gone = new Promise<void>((resolve) => {
    const leave = (): void => {
      resolve()
      for (const { reject } of waiting.values()) reject(new ProcessGone('the model process ended'))
    }
    child.once('exit', leave)
    child.once('error', leave)
  })
  child.on('message', (message) => {
    if (isReply(message)) waiting.get(message.job)?.resolve(message)
  })

  const tell = (request: Request): void => {
    // The callback takes the error of a closed channel: `gone` tells the same
    if (child.connected) child.send(request, () => undefined)
  }
  const connection: Connection = {
    pid: child.pid ?? 0,
    gone,
    ask: async (request, type, signal) => {
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<Reply>()
      const onAbort = (): void => {
        tell({ type: 'end', job: request.job })
        if (signal !== undefined) reject(aborted(signal))
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.set(request.job, { resolve, reject })
      try {
        if (!child.connected) throw new ProcessGone('the model process has ended')
        tell(request)
        const reply = await promise
        if (reply.type === 'failed') throw new SimilarityError(request.type === 'embed' ? 'embedder_unavailable' : 'document_failed', { detail: reply.reason })
        if (!isOfType(reply, type)) throw new Error(`the model process answered ${reply.type} instead of ${type}`)
        return reply
      } finally {
        waiting.delete(request.job)
        signal?.removeEventListener('abort', onAbort)
      }
    },
    end: job => tell({ type: 'end', job }),
    kill: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
  return await load(connection, { folder, model })
}

const isOfType = <Type extends Reply['type']>(reply: Reply, type: Type): reply is Reply & { type: Type } => reply.type === type

async function load(connection: Connection, { folder, model }: Pick<ProcessOptions, 'folder' | 'model'>): Promise<Connection> {
  try {
    await connection.ask({ type: 'load', job: 0, folder, model }, 'ready')
    return connection
  } catch (error) {
    await connection.kill()
    if (error instanceof ProcessGone) throw error
    throw new SimilarityError('embedder_unavailable', { detail: `The model ${model.id} could not be loaded.`, cause: error })
  }
}
