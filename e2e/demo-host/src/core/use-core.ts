import { getCurrentInstance } from 'vue'
import type { Core } from './core.ts'

/** The core, in the setup of a component. */
export function useCore(): Core {
  const core = getCurrentInstance()?.appContext.config.globalProperties.$core
  if (core === undefined) throw new Error('useCore is for the setup of a component of the page')
  return core
}
