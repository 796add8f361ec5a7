export interface Watchdog {
  /** Something is due within `limitMs`. Where something was due already its time goes on: more requests are no sign of life. */
  expect(limitMs: number): void
  /** Nothing is due until the next `expect`. */
  rest(): void
}

/** Tells once when what is due does not come. */
export function createWatchdog(onSilence: () => void): Watchdog {
  let timer: NodeJS.Timeout | undefined
  return {
    expect: (limitMs) => {
      timer ??= setTimeout(() => {
        const late = timer
        // What came while this process itself was busy is read first
        setImmediate(() => {
          if (timer === late) onSilence()
        })
      }, limitMs)
    },
    rest: () => {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
