import type { RouterLink } from 'vue-router'
import type { Core } from './core.ts'

declare global {
  interface Window { readonly datashare?: Core }
  interface DocumentEventMap { 'datashare:ready': CustomEvent<{ core: Core }> }
}

declare module 'vue' {
  /** Registered by Datashare for the whole page. */
  interface GlobalComponents { RouterLink: typeof RouterLink }
}
