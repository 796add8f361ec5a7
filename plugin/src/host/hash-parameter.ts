import type { Core, Route } from './core.ts'

export interface HashParameter {
  read(): string | null
  /** Null takes it away. */
  write(value: string | null): void
  /** Calls after every change of page in Datashare, with what its address has then. */
  onNavigation(listener: (value: string | null) => void): void
}

/**
 * One parameter of the page's address, after Datashare's own in its hash. It is written beside Datashare's router: a change
 * of route makes Datashare search anew, and its own changes of route drop what it does not know.
 */
export function hashParameter(core: Core, name: string): HashParameter {
  const valueOf = (route: Route | undefined) => {
    const value = route?.query[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  return {
    read: () => valueOf(core.router?.currentRoute.value),
    write(value) {
      const [path = '', search = ''] = window.location.hash.split('?', 2)
      const query = new URLSearchParams(search)
      if (query.get(name) === value) return
      if (value === null) query.delete(name)
      else query.set(name, value)
      const text = query.toString()
      const hash = text === '' ? path : `${path || '#/'}?${text}`
      window.history.replaceState(window.history.state, '', hash || window.location.pathname)
    },
    onNavigation: listener => void core.router?.afterEach(to => listener(valueOf(to))),
  }
}
