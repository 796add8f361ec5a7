import { AsyncLocalStorage } from 'node:async_hooks'
import { pino, type Logger } from 'pino'

export type { Logger }

/** What a log line belongs to. Ids that we have made ourselves, never what somebody has sent. */
interface LogContext {
  readonly requestId?: string
  /** A chain. */
  readonly taskId?: string
  /** The vectorize_docs task of the chain. */
  readonly batchId?: string
}

const contexts = new AsyncLocalStorage<LogContext>()

/** Every line that the work logs, in whatever layer and after whatever wait, names this; what it belonged to before is forgotten. */
export const inContext = <T>(context: LogContext, work: () => T): T => contexts.run(context, work)

/** For a callback that somebody else will call, in the middle of other work. */
export const boundContext = <Args extends unknown[], T>(work: (...args: Args) => T): (...args: Args) => T => AsyncLocalStorage.bind(work)

/** Logs carry ids, counts and codes; never the text of documents or queries, cookies, keys or vectors. */
export const createLogger = (level: string, destination?: NodeJS.WritableStream): Logger =>
  pino({
    level,
    base: null,
    mixin: () => ({ ...contexts.getStore() }),
    redact: { paths: ['cookie', 'authorization', 'headers', '*.cookie', '*.authorization', '*.headers', 'text', 'content', 'query', 'embedding'], remove: true },
  }, destination ?? pino.destination(2))
