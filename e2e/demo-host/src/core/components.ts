import type { Component } from 'vue'
import { lacks } from './lacking.ts'

const components = import.meta.glob<Component>('../components/**/*.vue', { import: 'default', eager: true })

/**
 * A component of the page by its path under `components`, without extension, as Datashare's plugins ask for it.
 * Null where the page has none of this name. A promise, because Datashare loads its own in chunks.
 */
export function findComponent(path: string): Promise<Component | null> {
  return Promise.resolve(lacks(path) ? null : components[`../components/${path}.vue`] ?? null)
}
