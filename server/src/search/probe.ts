import type { GrantedProject } from '../datashare/access.ts'
import type { Generation } from '../store/generation.ts'
import type { Words } from './words.ts'

/** The passage of an example document that a result can answer. */
export interface Origin {
  readonly documentId: string
  readonly start: number
  readonly end: number
}

/** One text that is compared: a query, or a passage of an example. */
export interface ProbeText {
  readonly text: string
  /** Null where the model is not available: then it is found by its words alone. */
  readonly embedding: Float32Array | null
  /** Its part in the whole; those of one probe add up to 1. */
  readonly weight: number
  /** Null for a query and for an example that is a text. */
  readonly origin: Origin | null
}

/** What one group of results is asked with. */
export interface Probe {
  readonly texts: readonly ProbeText[]
  readonly words: Words
  /** Examples have many words, of which a result must share several; a query may be one word. */
  readonly isExample: boolean
  /** Quoted phrases: each must stand in a document. */
  readonly required: readonly string[]
  /** Documents that are copies of an example that is a text. */
  readonly copies: ReadonlySet<string>
}

/** What all steps of one request share. */
export interface Scope {
  readonly project: GrantedProject
  readonly generation: Generation
  /** Of the documents of the generation, as Datashare writes them: words are asked for in the forms that they take in these. */
  readonly languages: readonly string[]
  /** Those of them that the model of the generation was not made for. */
  readonly foreign: ReadonlySet<string>
  readonly signal: AbortSignal
}
