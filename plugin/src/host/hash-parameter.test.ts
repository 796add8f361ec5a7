import { afterEach, describe, expect, it } from 'vitest'
import { createApp } from 'vue'
import { createRouter, createWebHashHistory } from 'vue-router'
import { fakeCore } from '../testing/fake-core.ts'
import { hashParameter } from './hash-parameter.ts'

/** Datashare's own kind of router, on the address of the page. */
async function page(address: string) {
  const view = { template: '<div />' }
  const router = createRouter({ history: createWebHashHistory(), routes: [{ name: 'search', path: '/', component: view }, { name: 'document', path: '/ds/:index/:id', component: view }] })
  createApp(view).use(router)
  await router.push(address)
  return { router, parameter: hashParameter({ ...fakeCore().core, router }, 'similarity') }
}

describe('a parameter of the address', () => {
  afterEach(() => { window.location.hash = '' })

  it('stands after Datashare\'s own, without a change of route', async () => {
    const { router, parameter } = await page('/?q=boats&indices=vault')

    parameter.write('{"a b":"ü&"}')

    expect(router.currentRoute.value.query).toEqual({ q: 'boats', indices: 'vault' })
    const { query } = router.resolve(window.location.hash.slice(1))
    expect(query).toEqual({ q: 'boats', indices: 'vault', similarity: '{"a b":"ü&"}' })
    parameter.write(null)
    expect(window.location.hash).toBe('#/?q=boats&indices=vault')
  })

  it('is read from the route, and told after each navigation', async () => {
    const { router, parameter } = await page('/?similarity=x')
    const heard: (string | null)[] = []
    parameter.onNavigation(value => heard.push(value))
    expect(parameter.read()).toBe('x')

    await router.push('/ds/vault/1?similarity=y')
    await router.push('/')

    expect(heard).toEqual(['y', null])
  })
})
