import { defineStore } from 'pinia'
import type { Component } from 'vue'
import { markRaw, ref, shallowRef } from 'vue'

export interface HookOptions {
  name?: string
  target: string
  order?: number
  /** A component, or a template as a string. */
  definition: Component | string
}

interface Hook {
  name: string
  target: string
  order: number
  definition: Component | string
}

export const useHooksStore = defineStore('hooks', () => {
  const hooks = shallowRef<Hook[]>([])
  const unnamed = ref(0)

  function register({ name = `hook-${++unnamed.value}`, target, order = 0, definition }: HookOptions) {
    if (hooks.value.some(hook => hook.name === name)) return
    hooks.value = [...hooks.value, { name, target, order, definition }]
  }

  function unregister(name: string) {
    hooks.value = hooks.value.filter(hook => hook.name !== name)
  }

  /** Templates are compiled anew at each change of the registry, so what hangs by one is mounted anew. */
  function componentsFor(target: string): Component[] {
    return hooks.value.filter(hook => hook.target === target).sort((a, b) => a.order - b.order)
      .map(({ definition }) => markRaw(typeof definition === 'string' ? { template: definition } : definition))
  }

  return { register, unregister, componentsFor }
})
