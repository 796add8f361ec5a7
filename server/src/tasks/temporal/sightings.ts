/** For how long this process has seen something as it is: so nothing hangs on whether the clocks of a cluster agree. */
export interface Sightings {
  /** Milliseconds since it was first seen with this value; 0 where it is another one than before. */
  unchangedFor(what: string, value: string): number
}

export function createSightings(): Sightings {
  const seen = new Map<string, { value: string, at: number }>()
  return {
    unchangedFor(what, value) {
      const before = seen.get(what)
      if (before?.value === value) return performance.now() - before.at
      seen.set(what, { value, at: performance.now() })
      return 0
    },
  }
}
