import { TASK_NAMES } from '@datashare-similarity/shared'
import { markRaw, type Component } from 'vue'
import IconGraph from '~icons/ph/graph'
import { companionAddress, configuredAddress } from './api/address.ts'
import { apiKey, createApi } from './api/client.ts'
import CardAction from './components/CardAction.vue'
import InsightsWidget from './components/InsightsWidget.vue'
import PassageInText from './components/PassageInText.vue'
import ProjectSimilarity from './components/ProjectSimilarity.vue'
import ProjectStateIcon from './components/ProjectStateIcon.vue'
import SearchSidebar from './components/SearchSidebar.vue'
import SearchToggler from './components/SearchToggler.vue'
import SimilarPanel from './components/SimilarPanel.vue'
import SimilarTab from './components/SimilarTab.vue'
import SimilarToggler from './components/SimilarToggler.vue'
import TasksEntry from './components/TasksEntry.vue'
import TasksPage from './components/TasksPage.vue'
import { hostComponentsKey, loadHostComponents } from './host/components.ts'
import { HOOKS, type HookName } from './host/contract.ts'
import { coreKey, type Core } from './host/core.ts'
import { addTasksPage } from './host/tasks-page.ts'
import { addMessages, ROOT } from './locales/index.ts'

const definitions: Readonly<Record<HookName, Component>> = {
  'similarity-toggler': SimilarToggler,
  'similarity-panel': SimilarPanel,
  'similarity-tab': SimilarTab,
  'similarity-card': CardAction,
  'similarity-passage': PassageInText,
  'similarity-search-toggler': SearchToggler,
  'similarity-search-sidebar': SearchSidebar,
  'similarity-project': ProjectSimilarity,
  'similarity-project-row': ProjectStateIcon,
  'similarity-project-card': ProjectStateIcon,
  'similarity-tasks-entry': TasksEntry,
}

/** Hangs the plugin into Datashare's page: its texts, what its components inject, then its hooks, its widget and its page. */
export async function register(core: Core): Promise<void> {
  const title = () => core.i18n.global.t(`${ROOT}.tasks.title`, {})
  const texts = addMessages(core)
  core.vue.provide(coreKey, core)
  const setting = core.config.get('similarityServer')
  const isConfigured = configuredAddress(setting, window.location) !== null
  core.vue.provide(apiKey, createApi(companionAddress(setting, core.mode?.modeName, window.location), { isConfigured }))
  core.vue.provide(hostComponentsKey, await loadHostComponents(core))
  // So that nobody sees English first, and the names given away below are in the language of the page.
  await texts
  await addTasksPage(core, { component: markRaw(TasksPage), icon: markRaw(IconGraph), title }).catch(() => undefined)

  for (const name of Object.keys(HOOKS) as HookName[]) core.registerHook({ name, target: HOOKS[name], definition: definitions[name] })
  core.registerWidget({
    name: 'similarity', order: 5, card: false, cols: 12,
    type: Empty => class extends Empty { get component(): Component { return markRaw(InsightsWidget) } },
  })
  for (const name of Object.values(TASK_NAMES)) core.registerTaskName({ name, label: title(), icon: IconGraph })
}
