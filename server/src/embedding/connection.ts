import { fork, type ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SimilarityError } from '@datashare-similarity/shared'
import { orAborted } from './abort.ts'
import { isReply, type Reply, type Request } from './messages.ts'
import type { Device, EmbeddingModel } from './model.ts'
import { createWatchdog } from './watchdog.ts'

/** What a model process is started with. */
export interface ProcessOptions {
  readonly folder: string
  readonly model: EmbeddingModel
  readonly device: Device
  /** For documents: gives way to everything else on the machine. */
  readonly isBackground: boolean
  /** A process that loads for longer is killed. */
  readonly loadMs: number
  /** A process that owes an answer and gives no sign of life for longer is killed. */
  readonly silenceMs: number
}

/** The process ended, or was killed for its silence, before it answered. Tried once more on its successor, and unknown outside of this room. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone'
}

/** One life of a model process, from its start to its end. */
export interface Connection {
  readonly pid: number
  /** Resolves when the process is gone, for whatever reason. */
  readonly gone: Promise<{ readonly wasSilent: boolean }>
  /** @throws ProcessGone | the signal's reason | SimilarityError embedder_unavailable (a text), document_failed (a document), or what the process itself names */
  ask<Type extends Reply['type']>(request: Request, type: Type, signal?: AbortSignal): Promise<Reply & { type: Type }>
  /** Gives a job up. */
  end(job: number): void
  kill(): Promise<void>
}

const BACKGROUND_PRIORITY = 10
const SOURCE = extname(import.meta.url)

/** One arena of glibc's allocator: more than one thread never needs much. With FLAGS it saves a tenth of a process, at the same speed. */
const ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' }

/** Megabytes of new objects before they are collected: texts and vectors are gone soon, and Node's default lets them pile up. */
const FLAGS = ['--max-semi-space-size=2']

/** Secrets of the companion's environment stay with the companion. */
const childEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(['PATH', 'SystemRoot'].flatMap(name => process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  ...ALLOCATOR,
})

function start(isBackground: boolean): ChildProcess {
  const child = fork(fileURLToPath(new URL(`./process${SOURCE}`, import.meta.url)), {
    serialization: 'advanced',
    execArgv: SOURCE === '.ts' ? [...FLAGS, '--conditions=@similarity/source'] : FLAGS,
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  // At once: the threads that it starts inherit the priority
  if (isBackground && child.pid !== undefined) setPriority(child.pid, BACKGROUND_PRIORITY)
  return child
}

/** One that hangs would not notice that the companion is gone. */
const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/**
 * Starts a process and loads the model into it; the process is gone where that fails.
 * @throws ProcessGone where it ends or hangs before it is ready | the signal's reason | SimilarityError embedder_unavailable, model_missing
 */
export async function connect(options: ProcessOptions, signal: AbortSignal): Promise<Connection> {
  const connection = open(options)
  try {
    await connection.ask({ type: 'load', job: 0, folder: options.folder, model: options.model, device: options.device }, 'ready', signal)
    return connection
  } catch (error) {
    await connection.kill()
    throw error
  }
}

function open({ isBackground, loadMs, silenceMs }: ProcessOptions): Connection {
  const child = start(isBackground)
  living.add(child)
  const waiting = new Map<number, Waiting>()
  /** Jobs whose answer is still to come, also where nobody waits for it any more. */
  const owed = new Set<number>()
  let wasSilent = false
  const watchdog = createWatchdog(() => {
    wasSilent = true
    child.kill('SIGKILL')
  })
  const { promise: gone, resolve: leave } = Promise.withResolvers<{ wasSilent: boolean }>()
  const onEnd = (): void => {
    living.delete(child)
    watchdog.rest()
    leave({ wasSilent })
    for (const { reject } of waiting.values()) reject(new ProcessGone(wasSilent ? 'the model process was silent for too long' : 'the model process ended'))
  }
  child.once('exit', onEnd)
  // There may be several
  child.on('error', onEnd)
  child.on('message', (message) => {
    watchdog.rest()
    if (isReply(message)) {
      owed.delete(message.job)
      waiting.get(message.job)?.resolve(message)
    }
    if (owed.size > 0) watchdog.expect(silenceMs)
  })

  const tell = (request: Request): void => {
    // The callback takes the error of a closed channel: `gone` tells the same
    if (child.connected) child.send(request, () => undefined)
  }
  return {
    pid: child.pid ?? 0,
    gone,
    ask: async (request, type, signal) => {
      signal?.throwIfAborted()
      if (!child.connected) throw new ProcessGone('the model process has ended')
      const { promise, resolve, reject } = Promise.withResolvers<Reply>()
      waiting.set(request.job, { resolve, reject })
      owed.add(request.job)
      watchdog.expect(request.type === 'load' ? loadMs : silenceMs)
      tell(request)
      try {
        const reply = await orAborted(promise, signal)
        if (reply.type === 'failed') throw failure(reply, request)
        if (!isOfType(reply, type)) throw new Error(`the model process answered ${reply.type} instead of ${type}`)
        return reply
      } catch (error) {
        if (signal?.aborted === true) tell({ type: 'end', job: request.job })
        throw error
      } finally {
        waiting.delete(request.job)
      }
    },
    end: job => tell({ type: 'end', job }),
    kill: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

const isOfType = <Type extends Reply['type']>(reply: Reply, type: Type): reply is Reply & { type: Type } => reply.type === type

/** What a library says may hold paths, or the text itself: it goes no further than `cause`. */
function failure({ code, reason }: Reply & { type: 'failed' }, request: Request): SimilarityError {
  if (code !== null) return new SimilarityError(code, { detail: reason })
  const cause = new Error(reason)
  switch (request.type) {
    case 'load': return new SimilarityError('embedder_unavailable', { detail: `The model ${request.model.id} could not be loaded${request.device === 'cpu' ? '' : ` on the device ${request.device} (SIMILARITY_DEVICE)`}.`, cause })
    case 'embed': return new SimilarityError('embedder_unavailable', { detail: 'The model could not embed a text.', cause })
    default: return new SimilarityError('document_failed', { cause })
  }
}
