import type { Component } from 'vue'
import { ROUTES, TASKS_PAGE } from './contract.ts'
import type { Core } from './core.ts'

/** Adds a page to those under Tasks. Where Datashare has none, there is none. */
export async function addTasksPage(core: Core, page: { component: Component, icon: Component, title: () => string }): Promise<void> {
  await core.ready
  const { router } = core
  if (!router?.hasRoute(ROUTES.tasks)) return
  router.addRoute(ROUTES.tasks, { name: TASKS_PAGE, path: 'vectorizations', component: page.component, meta: { title: page.title, icon: page.icon, settings: false } })
  // Who came by a link to it was sent to the page of unknown addresses before.
  const address = window.location.hash.slice(1)
  if (address !== '' && router.currentRoute.value.name !== TASKS_PAGE && router.resolve(address).name === TASKS_PAGE) await router.replace(address)
}
