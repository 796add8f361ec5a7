import type { RouteLocationNormalizedLoaded } from 'vue-router'

/** Which document a route shows; the routing is the document's own id where the route names none. */
export function documentAddress(route: RouteLocationNormalizedLoaded): { index: string, id: string, routing: string } | null {
  const { index, id, routing } = route.params
  if (typeof index !== 'string' || typeof id !== 'string') return null
  return { index, id, routing: typeof routing === 'string' && routing !== '' ? routing : id }
}
