import type { ErrorCode } from '@datashare-similarity/shared'
import type { EmbeddedPassage } from './embedder.ts'
import type { Device, EmbeddingModel } from './model.ts'

/**
 * What the companion and a model process say to each other. A job is one load, one list of texts or one document;
 * every request of a job gets one reply, and a job has one request under way at most.
 * Between replies to long work the process gives signs of life, so that its silence means that it hangs.
 */
export type Request
  = | { readonly type: 'load', readonly job: number, readonly folder: string, readonly model: EmbeddingModel, readonly device: Device }
    | { readonly type: 'embed', readonly job: number, readonly role: keyof EmbeddingModel['prefixes'], readonly texts: readonly string[] }
    /** Opens a document and asks for its first group; passages before `from` are cut but not embedded. */
    | { readonly type: 'document', readonly job: number, readonly content: string, readonly from: number }
    | { readonly type: 'more', readonly job: number }
    | { readonly type: 'cut', readonly job: number, readonly content: string }
    /** The job is given up: what it was asked last is answered early, with what there is. This itself is not. */
    | { readonly type: 'end', readonly job: number }

export type Reply
  = | { readonly type: 'ready', readonly job: number }
    | { readonly type: 'embeddings', readonly job: number, readonly embeddings: readonly Float32Array[] }
    | { readonly type: 'group', readonly job: number, readonly passages: readonly EmbeddedPassage[], readonly isLast: boolean }
    | { readonly type: 'passages', readonly job: number, readonly passages: readonly { start: number, end: number, text: string }[] }
    /** With a code `reason` is the error's detail; without one it is what a library said. */
    | { readonly type: 'failed', readonly job: number, readonly code: ErrorCode | null, readonly reason: string }

/** A sign of life. */
export interface Pulse {
  readonly type: 'alive'
}

/** Passages that travel at once: bounds memory on both sides, 64 × (384 × 4 bytes + text). */
export const GROUP_SIZE = 64

const REPLIES: readonly unknown[] = ['ready', 'embeddings', 'group', 'passages', 'failed'] satisfies Reply['type'][]
const REQUESTS: readonly unknown[] = ['load', 'embed', 'document', 'more', 'cut', 'end'] satisfies Request['type'][]

const isOneOf = (message: unknown, types: readonly unknown[]): boolean =>
  typeof message === 'object' && message !== null && 'type' in message && types.includes(message.type)

export const isReply = (message: unknown): message is Reply => isOneOf(message, REPLIES)
export const isRequest = (message: unknown): message is Request => isOneOf(message, REQUESTS)
