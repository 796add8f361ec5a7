import { pino, type Logger } from 'pino'

export type { Logger }

/** Logs carry ids, counts and codes; never the text of documents or queries, cookies, keys or vectors. */
export const createLogger = (level: string, destination?: NodeJS.WritableStream): Logger =>
  pino({
    level,
    base: null,
    redact: { paths: ['cookie', 'authorization', 'headers', '*.cookie', '*.authorization', '*.headers', 'text', 'content', 'query', 'embedding'], remove: true },
  }, destination ?? pino.destination(2))
