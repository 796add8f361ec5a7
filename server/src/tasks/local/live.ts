import { createPace, type Pace } from './pace.ts'

/** What a running chain knows beyond its rows: shown, never needed to go on. */
export interface LiveChain {
  readonly pace: Pace
  /** Share of the documents that the scan has seen, 0..1. */
  scanned: number
  /** What the chain or one of its batches waits for; without an id, what any of them waits for. */
  waitsFor(step?: string): string | null
  setWaitsFor(step: string, dependency: string | null): void
  readonly hasWaited: boolean
  /** Characters embedded, but not written yet: of one batch, or of all. */
  weightInFlight(batch?: string): number
  setWeightInFlight(batch: string, weight: number): void
}

export function createLiveChain(): LiveChain {
  const inFlight = new Map<string, number>()
  const waiting = new Map<string, string>()
  const pace = createPace()
  let hasWaited = false
  return {
    pace,
    scanned: 0,
    // A chain waits for as long as one of its steps does.
    waitsFor: step => (step === undefined ? waiting.values().next().value : waiting.get(step)) ?? null,
    setWaitsFor(step, dependency) {
      hasWaited = true
      if (dependency === null) waiting.delete(step)
      else waiting.set(step, dependency)
      // The time of an outage says nothing about the pace after it.
      if (waiting.size === 0) pace.restart()
    },
    get hasWaited() {
      return hasWaited
    },
    weightInFlight: batch => (batch === undefined ? [...inFlight.values()].reduce((sum, weight) => sum + weight, 0) : inFlight.get(batch) ?? 0),
    setWeightInFlight: (batch, weight) => void inFlight.set(batch, weight),
  }
}
