import { setTimeout as sleep } from 'node:timers/promises'
import { SimilarityError } from '@datashare-similarity/shared'

/** Runs a step again and again for as long as it fails for want of something that comes back. The step may tell early that it goes on. */
export type Patiently = <T>(step: (goesOn: () => void) => Promise<T>) => Promise<T>

export interface PatienceOptions {
  readonly firstDelayMs: number
  readonly maximumDelayMs: number
}

export const PATIENCE: PatienceOptions = { firstDelayMs: 500, maximumDelayMs: 30_000 }

/** @param waitsFor is told what the work waits for, and null when it goes on */
export function createPatience({ firstDelayMs, maximumDelayMs }: PatienceOptions, signal: AbortSignal, waitsFor: (dependency: string | null) => void): Patiently {
  return async (step) => {
    let delay = firstDelayMs
    let waiting = false
    const goesOn = (): void => {
      if (!waiting) return
      waiting = false
      delay = firstDelayMs
      waitsFor(null)
    }
    for (;;) {
      try {
        signal.throwIfAborted()
        const result = await step(goesOn)
        goesOn()
        return result
      } catch (error) {
        const dependency = dependencyOf(error)
        if (signal.aborted || dependency === undefined) throw error
        waiting = true
        waitsFor(dependency)
        await sleep(delay, undefined, { signal })
        delay = Math.min(delay * 2, maximumDelayMs)
      }
    }
  }
}

const dependencyOf = (error: unknown): string | undefined => (error instanceof SimilarityError ? error.entry.waitFor : undefined)
