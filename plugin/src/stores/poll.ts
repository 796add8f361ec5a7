/** Milliseconds between two questions; with jitter, as in Datashare's own client. */
export interface Pace { readonly least: number, readonly most: number }

/**
 * Asks again and again as long as somebody follows, there is something to wait for, and the page is in sight.
 * `schedule` is called when either may have changed.
 */
export function createPoll({ ask, isNeeded, pace }: { ask: () => Promise<void>, isNeeded: () => boolean, pace: Pace }) {
  let followers = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function schedule(): void {
    clearTimeout(timer)
    if (followers > 0 && !document.hidden && isNeeded()) timer = setTimeout(() => void askNow(), pace.least + Math.random() * (pace.most - pace.least))
  }

  async function askNow(): Promise<void> {
    clearTimeout(timer)
    await ask()
    schedule()
  }

  function turn(): void {
    if (document.hidden || !isNeeded()) clearTimeout(timer)
    else void askNow()
  }

  /** @returns what ends it */
  function follow(): () => void {
    if (followers === 0) document.addEventListener('visibilitychange', turn)
    followers += 1
    schedule()
    return () => {
      followers -= 1
      if (followers > 0) return
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', turn)
    }
  }

  return { follow, schedule }
}
