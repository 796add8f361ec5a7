export interface PeakMemory extends Disposable {
  /** The most that this process has held since, in MB. */
  most(): number
}

/** Looks every so many milliseconds: what is shorter is missed. */
export function watchPeak(everyMs: number): PeakMemory {
  let bytes = 0
  const look = (): void => { bytes = Math.max(bytes, process.memoryUsage.rss()) }
  const looking = setInterval(look, everyMs)
  return {
    most() {
      look()
      return bytes / 1_000_000
    },
    [Symbol.dispose]: () => clearInterval(looking),
  }
}
