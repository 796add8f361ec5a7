import { SimilarityError } from '@datashare-similarity/shared'

/** Name and place of a fault, not its message: messages of vendors may quote what they were given. */
export function describeFault(error: unknown): object {
  if (error instanceof SimilarityError) return { code: error.code, detail: error.detail }
  if (!(error instanceof Error)) return { code: 'internal' }
  return { code: 'internal', name: error.name, frames: error.stack?.split('\n').filter(line => line.trimStart().startsWith('at ')).slice(0, 6).map(line => line.trim()) }
}
