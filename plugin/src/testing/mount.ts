import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import type { Component } from 'vue'
import { apiKey, createApi } from '../api/client.ts'
import { hostComponentsKey, loadHostComponents } from '../host/components.ts'
import { coreKey } from '../host/core.ts'
import { addMessages } from '../locales/index.ts'
import { fakeCore, type FakeCore } from './fake-core.ts'
import { readTexts } from './texts.ts'

export const COMPANION = 'http://localhost:4780'

/** Mounts one of the plugin's components in a page that has registered it. */
export async function mountInPage(component: Component, { props = {}, host = fakeCore() }: { props?: Record<string, unknown>, host?: FakeCore } = {}): Promise<VueWrapper> {
  await addMessages(host.core, readTexts)
  const provide = { [coreKey]: host.core, [apiKey]: createApi(COMPANION), [hostComponentsKey]: await loadHostComponents(host.core) }
  // Stores take what registration provides from the app of their Pinia.
  const wrapper = mount(component, { props, attachTo: document.body, global: { plugins: [host.pinia, host.i18n, host.router], provide } })
  await flushPromises()
  return wrapper
}
