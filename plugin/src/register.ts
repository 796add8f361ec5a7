import { companionAddress } from './api/address.ts'
import { apiKey, createApi } from './api/client.ts'
import ProjectSimilarity from './components/ProjectSimilarity.vue'
import SearchSidebar from './components/SearchSidebar.vue'
import SearchToggler from './components/SearchToggler.vue'
import SimilarPanel from './components/SimilarPanel.vue'
import SimilarToggler from './components/SimilarToggler.vue'
import { hostComponentsKey, loadHostComponents } from './host/components.ts'
import { coreKey, type Core } from './host/core.ts'
import { addMessages } from './locales/index.ts'

/** Hangs the plugin into Datashare's page: its texts, what its components inject, then its hooks. */
export async function register(core: Core): Promise<void> {
  addMessages(core)
  core.vue.provide(coreKey, core)
  core.vue.provide(apiKey, createApi(companionAddress(core.config.get('similarityServer'), core.mode?.modeName, window.location)))
  core.vue.provide(hostComponentsKey, await loadHostComponents(core))

  core.registerHook({ name: 'similarity-toggler', target: 'document-user-actions:after', definition: SimilarToggler })
  core.registerHook({ name: 'similarity-panel', target: 'document-user-actions-cards:after', definition: SimilarPanel })
  core.registerHook({ name: 'similarity-search-toggler', target: 'search:before', definition: SearchToggler })
  core.registerHook({ name: 'similarity-search-sidebar', target: 'search:after', definition: SearchSidebar })
  core.registerHook({ name: 'similarity-project', target: 'project-jumbotron-content:after', definition: ProjectSimilarity })
}
