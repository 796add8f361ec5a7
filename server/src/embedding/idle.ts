/** What is used now and then. */
export interface Use {
  /** Counts as in use until the work ends. */
  during<T>(work: () => Promise<T>): Promise<T>
  close(): void
}

/** Calls each time when nothing has been in use for that long. */
export function whenUnused(ms: number, callback: () => void): Use {
  let users = 0
  let timer: NodeJS.Timeout | undefined
  const rest = (): void => {
    timer = setTimeout(callback, ms).unref()
  }
  rest()
  return {
    async during(work) {
      clearTimeout(timer)
      users++
      try {
        return await work()
      } finally {
        users--
        if (users === 0) rest()
      }
    },
    close: () => clearTimeout(timer),
  }
}
