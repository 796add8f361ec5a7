import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { COMPONENTS, HOOKS } from './host/contract.ts'
import { fakeCore, type FakeCore } from './testing/fake-core.ts'

const announce = ({ raw }: FakeCore) => document.dispatchEvent(new CustomEvent('datashare:ready', { detail: { core: raw } }))

describe('loading the plugin into Datashare', () => {
  beforeEach(() => vi.resetModules())
  afterEach(() => Reflect.deleteProperty(window, 'datashare'))

  it('hangs itself into the page once, though both the event and the promise call', async () => {
    const host = fakeCore()
    const registerHook = vi.spyOn(host.raw, 'registerHook')
    Object.assign(window, { datashare: host.raw })

    await import('./main.ts')
    announce(host)
    await flushPromises()
    announce(host)
    await flushPromises()

    expect(registerHook).toHaveBeenCalledTimes(Object.keys(HOOKS).length)
    expect([...host.hooks.values()].map(({ target }) => target)).toEqual(Object.values(HOOKS))
    expect([...host.widgets.keys()]).toEqual(['similarity'])
    expect(host.taskNames).toEqual(['create_vectorization_tasks', 'vectorize_docs', 'find_most_similar'])
    expect(host.router.hasRoute('task.vectorizations')).toBe(true)
  })

  it('starts by the promise where it loads too late for the event', async () => {
    const host = fakeCore()
    Object.assign(window, { datashare: host.raw })

    await import('./main.ts')
    await flushPromises()

    expect(host.hooks.size).toBe(Object.keys(HOOKS).length)
  })

  it('does nothing, and complains about nothing, where nobody is signed in', async () => {
    const host = fakeCore()
    const complaint = vi.spyOn(console, 'error')
    const ready = Promise.reject(new Error('401'))
    ready.catch(() => undefined)
    Object.assign(window, { datashare: { ...host.raw, ready } })

    await import('./main.ts')
    await flushPromises()

    expect(host.hooks.size).toBe(0)
    expect(complaint).not.toHaveBeenCalled()
  })

  it('loads the components of the page before it registers a hook', async () => {
    const host = fakeCore({ components: { 'CardPanel/CardPanel': defineComponent({ render: () => h('section') }) } })
    const order: string[] = []
    const { findComponent, registerHook } = host.raw
    host.raw.findComponent = (path) => {
      order.push(path)
      return findComponent(path)
    }
    host.raw.registerHook = (hook) => {
      order.push('hook')
      registerHook(hook)
    }
    Object.assign(window, { datashare: host.raw })

    await import('./main.ts')
    await flushPromises()

    expect(order.indexOf('hook')).toBe(Object.keys(COMPONENTS).length)
  })

  it('keeps every setup synchronous', async () => {
    const host = fakeCore()
    Object.assign(window, { datashare: host.raw })

    await import('./main.ts')
    await flushPromises()

    for (const { definition } of host.hooks.values()) {
      const { setup } = definition as { setup: (...args: unknown[]) => unknown }
      expect(setup.constructor.name).toBe('Function')
    }
  })
})
