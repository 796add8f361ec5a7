/**
 * All that the plugin uses of Datashare's inside, in one place. None of it is a public interface:
 * whatever a version of Datashare lacks has a fallback in this room, and a test takes each one away.
 */

/** Our hooks by name, and the places in the page that they hang in. One that is gone shows nothing there. */
export const HOOKS = {
  'similarity-toggler': 'document-user-actions:after',
  'similarity-panel': 'document-user-actions-cards:after',
  'similarity-tab': 'document-view-tabs:after',
  'similarity-card': 'document-actions-group:after',
  'similarity-passage': 'document.content.body:before',
  'similarity-search-toggler': 'search:before',
  'similarity-search-sidebar': 'search:after',
  'similarity-project': 'project-jumbotron-content:after',
  'similarity-project-row': 'project-row-actions:after',
  'similarity-project-card': 'project-card-actions:after',
  'similarity-tasks-entry': 'app-sidebar-section-entries:after',
} as const

export type HookName = keyof typeof HOOKS

/** Datashare's own components by the path that `findComponent` takes. */
export const COMPONENTS = {
  ButtonIcon: 'Button/ButtonIcon',
  ButtonRowAction: 'Button/ButtonRowAction/ButtonRowAction',
  CardPanel: 'CardPanel/CardPanel',
  PageHeader: 'PageHeader/PageHeader',
  SidebarEntry: 'AppSidebar/AppSidebarSectionEntry',
  TabEntry: 'TabGroup/TabGroupNavigation/TabGroupNavigationEntry',
  UserActionsEntry: 'Document/DocumentUser/DocumentUserActions/DocumentUserActionsEntry',
} as const

/** Stores of `core.stores`, with what we use of each. */
export const STORES = {
  useDocumentStore: ['document', 'toggleUserAction', 'isUserActionVisible'],
  useSearchStore: ['indices'],
  useStarredStore: ['isStarred', 'toggleStarDocument'],
} as const

/** What the core itself must have, or the plugin stays away from the page. */
export const ESSENTIALS = ['vue', 'i18n', 'registerHook'] as const

/** What the core may lack. `registerTaskName` is not in a released Datashare yet. */
export const OPTIONAL = ['pinia', 'router', 'mode', 'config', 'stores', 'findComponent', 'findProject', 'registerWidget', 'registerTaskName', 'api'] as const

export const ROUTES = {
  search: 'search',
  document: 'document',
  documentAlone: 'document-standalone',
  project: 'project.view',
  /** The parent of the pages under Tasks. */
  tasks: 'task',
  /** The first entry of the sidebar's section for tasks, which tells this section from others. */
  taskBoard: 'task.task-board',
} as const

/** Our own page under Tasks. */
export const TASKS_PAGE = 'task.vectorizations'
