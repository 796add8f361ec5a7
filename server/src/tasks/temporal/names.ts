/** What workflows, workers and companions call each other by. Imported by the workflows, so it imports nothing. */

/** Datashare's group of our tasks is the name of the queue. */
export const TASK_QUEUE = 'datashare-similarity'
/** Batches stand in one of their own, so that a chain is begun and ended, and a search done, while those of another chain wait. */
export const BATCH_QUEUE = `${TASK_QUEUE}-batches`

/** The error of a task that no companion has written: it reads nothing. */
export const UNKNOWN_TASK = 'unknown_task'

export interface Plan {
  /** The try of the scan whose batches these are. */
  readonly attempt: number
  readonly batches: number
  /** Whether the generation's content will differ from what it was before. */
  readonly changed: boolean
}

export interface BatchOrder {
  readonly chain: string
  readonly attempt: number
  readonly number: number
}

export interface BatchRange {
  readonly chain: string
  readonly attempt: number
  /** Numbers of batches, the last one not included. */
  readonly from: number
  readonly to: number
  readonly batches: number
}

export interface Ending {
  readonly chain: string
  readonly state: 'DONE' | 'CANCELLED' | 'ERROR'
  readonly code: string | null
  readonly detail: string | null
}

/** Datashare's convention for how far an activity is. */
export interface Progress {
  readonly run_id: string
  readonly activity_id: string
  /** 0..1 */
  readonly progress: number
  readonly weight: number
}

/** The steps of a chain, as activities. */
export interface Steps {
  /** Looks the task up, and chooses the generation. False where there is nothing to do. @throws unknown_task before anything is read */
  begin(chain: string, args: unknown): Promise<boolean>
  plan(chain: string): Promise<Plan>
  vectorizeBatch(order: BatchOrder): Promise<void>
  /** @returns milliseconds that what it has replaced stays for the searches that still read it */
  finish(chain: string, changed: boolean): Promise<number>
  /** @returns documents done */
  end(ending: Ending): Promise<number>
  /** A search that a companion has allowed. @returns ids of documents for each query, as JSON @throws unknown_task before anything is read */
  findMostSimilar(task: string, args: unknown): Promise<string>
  /** Drops what swaps have replaced. */
  dropRetired(chain: string): Promise<void>
}
