import type { Router, RouteRecordRaw } from 'vue-router'
import { createRouter, createWebHashHistory, RouterView } from 'vue-router'
import IconTasks from '~icons/ph/rocket-launch'
import type { Component } from 'vue'
import type { Core } from './core/core.ts'
import DocumentPage from './views/DocumentPage.vue'
import Layout from './views/Layout.vue'
import NotInDemo from './views/NotInDemo.vue'
import ProjectList from './views/ProjectList.vue'
import ProjectView from './views/ProjectView.vue'
import Search from './views/Search.vue'

declare module 'vue-router' {
  interface RouteMeta {
    /** A key of the locales, or what makes the title. */
    title?: string | ((core: Core) => string)
    icon?: Component
  }
}

const DOCUMENT = ':index/:id/:routing?'
const elsewhere = (name: string, path: string): RouteRecordRaw => ({ name, path, component: NotInDemo })

const routes: RouteRecordRaw[] = [
  {
    path: '/',
    component: Layout,
    children: [
      { name: 'search', path: '', component: Search, children: [{ name: 'document', path: `ds/${DOCUMENT}`, component: RouterView }] },
      { name: 'document-standalone', path: `document/${DOCUMENT}`, component: DocumentPage },
      { name: 'project.list', path: 'project', component: ProjectList },
      { name: 'project.view', path: 'project/:name', component: ProjectView, props: true },
      {
        name: 'task',
        path: 'tasks',
        component: RouterView,
        redirect: { name: 'task.task-board' },
        meta: { title: 'demo.tasks', icon: IconTasks },
        children: [elsewhere('task.task-board', 'all'), elsewhere('task.batch-search.list', 'batch-search'), elsewhere('task.batch-download.list', 'batch-download'), elsewhere('task.documents.list', 'documents'), elsewhere('task.entities.list', 'entities')],
      },
      elsewhere('search.history.list', 'search/history'),
      elsewhere('search.saved.list', 'search/saved'),
      { name: 'error', path: ':rest(.*)*', component: NotInDemo },
    ],
  },
]

/** Hash routes as Datashare's; pages that the stand-in does not have say so. */
export function createPageRouter(): Router {
  return createRouter({ history: createWebHashHistory(), routes })
}
