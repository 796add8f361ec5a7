/** Remembers answers for a short while. Equal questions at the same time share one answer; failures are not kept. */
export interface ShortCache<T> {
  get(key: string, ask: () => Promise<T>): Promise<T>
  has(key: string): boolean
  drop(key: string): void
}

export interface ShortCacheOptions {
  /** Counted from the moment of asking, by the monotonic clock. */
  readonly milliseconds: number
  /** Beyond this number the oldest answer goes. */
  readonly entries: number
}

interface Entry<T> {
  readonly until: number
  readonly answer: Promise<T>
}

export function createShortCache<T>({ milliseconds, entries }: ShortCacheOptions): ShortCache<T> {
  const kept = new Map<string, Entry<T>>()

  const keep = (key: string, entry: Entry<T>): void => {
    kept.delete(key)
    const oldest = kept.keys().next()
    if (kept.size >= entries && oldest.done !== true) kept.delete(oldest.value)
    kept.set(key, entry)
    entry.answer.catch(() => {
      if (kept.get(key) === entry) kept.delete(key)
    })
  }

  const fresh = (key: string): Entry<T> | undefined => {
    const known = kept.get(key)
    return known !== undefined && known.until > performance.now() ? known : undefined
  }

  return {
    get(key, ask) {
      const known = fresh(key)
      if (known !== undefined) return known.answer
      const entry = { until: performance.now() + milliseconds, answer: ask() }
      keep(key, entry)
      return entry.answer
    },
    has: key => fresh(key) !== undefined,
    drop: key => void kept.delete(key),
  }
}
