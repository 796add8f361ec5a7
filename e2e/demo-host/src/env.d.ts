import type * as Pinia from 'pinia'
import type * as Vue from 'vue'
import type { Config } from './core/config.ts'
import type { Core } from './core/core.ts'
import type { Toast } from './core/toasts.ts'

declare global {
  interface Window {
    __VUE_SHARED__: typeof Vue
    __PINIA_SHARED__: typeof Pinia
    datashare: Core
  }
}

declare module 'vue' {
  interface ComponentCustomProperties {
    $core: Core
    $config: Config
    $toast: Toast
  }
}
