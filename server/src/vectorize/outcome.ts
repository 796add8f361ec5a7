import type { ErrorCode } from '@datashare-similarity/shared'
import type { DocumentRef } from '../datashare/source.ts'

/** What has been done of a batch, and is written. */
export interface BatchOutcome {
  readonly done: number
  readonly empty: number
  /** Deleted in Datashare since the scan. */
  readonly gone: number
  readonly passages: number
  /** Of the documents of this outcome, by `weigh`. */
  readonly weight: number
  readonly failures: readonly { readonly documentId: string, readonly code: ErrorCode }[]
}

export const EMPTY_OUTCOME: BatchOutcome = { done: 0, empty: 0, gone: 0, passages: 0, weight: 0, failures: [] }

/** How much of the work a document is: its characters, and at least one where their number is unknown. */
export const weigh = ({ characters }: DocumentRef): number => Math.max(1, Math.round(characters))
