import type { App } from 'vue'
import { useCore, type Core, type Place } from './core.ts'

/** Places of the page, and how to go there. One that this Datashare does not have has no address. */
export function usePlaces() {
  const core = useCore()
  const addressOf = (place: Place): string | null => {
    try {
      return core.router?.resolve(place).href ?? null
    } catch {
      return null
    }
  }
  return {
    addressOf,
    go: (place: Place): void => {
      if (addressOf(place) !== null) void core.router?.push(place)
    },
  }
}

/** The name that Datashare shows of a project. */
export const projectLabel = (core: Core, name: string): string => core.findProject(name)?.label ?? name

/** Who is signed in, as tasks name people. */
export const currentUser = (core: Core): unknown => core.config.get('uid')

interface Toast { success?(text: string, options: { href?: string, linkLabel?: string }): void }

/** A short note at the edge of the page. */
export function toast({ vue }: { readonly vue: App }, text: string, link: { href?: string, linkLabel?: string } = {}): void {
  const { $toast } = vue.config.globalProperties as { $toast?: Toast }
  $toast?.success?.(text, link)
}
