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
  component: Component
}

export const useHooksStore = defineStore('hooks', () => {
  const hooks = shallowRef<Hook[]>([])
  const unnamed = ref(0)

  function register({ name = `hook-${++unnamed.value}`, target, order = 0, definition }: HookOptions) {
    if (hooks.value.some(hook => hook.name === name)) return
    const component = markRaw(typeof definition === 'string' ? { template: definition } : definition)
    hooks.value = [...hooks.value, { name, target, order, component }]
  }

  function unregister(name: string) {
    hooks.value = hooks.value.filter(hook => hook.name !== name)
  }

  function componentsFor(target: string): Component[] {
    return hooks.value.filter(hook => hook.target === target).sort((a, b) => a.order - b.order).map(({ component }) => component)
  }

  return { register, unregister, componentsFor }
})
