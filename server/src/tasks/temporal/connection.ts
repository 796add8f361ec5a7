import { SimilarityError } from '@datashare-similarity/shared'

export interface TemporalAddress {
  /** host:port of the frontend. */
  readonly address: string
  readonly namespace: string
}

/** How long a start waits for a Temporal that is itself just starting. */
export const CONNECT_TIMEOUT_MS = 60_000

/** Temporal's own client and worker are not installed with the companion: they take 270 MB, and one machine does without. */
export async function installed<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new SimilarityError('configuration_wrong', { detail: 'SIMILARITY_ENGINE=temporal needs packages that do not come with the companion: install them beside it with "npm install @temporalio/client@1.24.0 @temporalio/worker@1.24.0".' })
  }
}

/** What a fault of Temporal means. Its own messages are left out: they may repeat what was sent. */
export function toTemporalError(error: unknown): unknown {
  if (error instanceof SimilarityError) return error
  const reason = error instanceof Error ? error.name : 'unknown fault'
  return new SimilarityError('temporal_unreachable', { detail: `Temporal did not answer: ${reason}.` })
}
