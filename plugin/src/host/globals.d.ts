import type { RouterLink } from 'vue-router'
import type { DatashareCore } from './core.ts'

declare global {
  interface Window { readonly datashare?: DatashareCore }
  interface DocumentEventMap { 'datashare:ready': CustomEvent<{ core: DatashareCore }> }
}

declare module 'vue' {
  /** Registered by Datashare for the whole page. */
  interface GlobalComponents { RouterLink: typeof RouterLink }
}
