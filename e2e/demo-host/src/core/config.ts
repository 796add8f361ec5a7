import { reactive } from 'vue'

export interface Config {
  get: (key: string, fallback?: unknown) => unknown
  set: (key: string, value: unknown) => void
  is: (key: string) => boolean
  merge: (values: Record<string, unknown>) => void
}

/** What /settings and /api/users/me answered, by key. */
export function createConfig(): Config {
  const values = reactive(new Map<string, unknown>())
  const get: Config['get'] = (key, fallback) => values.get(key) ?? fallback
  return {
    get,
    set: (key, value) => { values.set(key, value) },
    is: key => [true, 'true'].some(yes => yes === get(key)),
    merge: (entries) => { for (const [key, value] of Object.entries(entries)) values.set(key, value) },
  }
}
