import { etaRange } from '../task-view.ts'

const WINDOW_MS = 180_000
const SETTLED_MS = 5_000
const MINIMUM_MS = 1_000

interface Sample {
  readonly at: number
  readonly documents: number
  readonly weight: number
}

/** How fast a chain embeds, over the last minutes. */
export interface Pace {
  add(documents: number, weight: number): void
  /** Forgets what was measured: from here on. */
  restart(): void
  /** Null in the first seconds. */
  documentsPerMinute(): number | null
  /** A range, by the characters that are left. Null in the first seconds. */
  etaSeconds(weight: number): [number, number] | null
  /** Characters a second since the start; null where too little was measured to say. */
  measured(): number | null
}

export function createPace(now: () => number = () => performance.now()): Pace {
  let started = now()
  let total = 0
  let samples: Sample[] = []

  const window = (): { ms: number, documents: number, weight: number } | null => {
    const at = now()
    samples = samples.filter(sample => at - sample.at <= WINDOW_MS)
    const ms = Math.min(at - started, WINDOW_MS)
    if (samples.length === 0 || ms < SETTLED_MS) return null
    return { ms, documents: samples.reduce((sum, sample) => sum + sample.documents, 0), weight: samples.reduce((sum, sample) => sum + sample.weight, 0) }
  }

  return {
    add(documents, weight) {
      total += weight
      samples.push({ at: now(), documents, weight })
    },
    restart() {
      started = now()
      total = 0
      samples = []
    },
    documentsPerMinute() {
      const seen = window()
      return seen === null ? null : Math.round((seen.documents * 60_000 / seen.ms) * 10) / 10
    },
    etaSeconds(weight) {
      const seen = window()
      if (seen === null || seen.weight === 0) return null
      return etaRange(Math.max(0, weight) / seen.weight * seen.ms / 1_000)
    },
    measured() {
      const ms = now() - started
      return ms < MINIMUM_MS || total === 0 ? null : total * 1_000 / ms
    },
  }
}
