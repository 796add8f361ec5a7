import type { Component } from 'vue'
import IconProjects from '~icons/ph/circles-three-plus'
import IconAll from '~icons/ph/dots-nine'
import IconDownload from '~icons/ph/download-simple'
import IconSearchFile from '~icons/ph/file-magnifying-glass'
import IconFiles from '~icons/ph/files'
import IconHistory from '~icons/ph/clock-counter-clockwise'
import IconSaved from '~icons/ph/list-checks'
import IconBatchSearch from '~icons/ph/list-magnifying-glass'
import IconSearch from '~icons/ph/magnifying-glass'
import IconTasks from '~icons/ph/rocket-launch'
import IconEntities from '~icons/ph/users-three'

interface SidebarEntry {
  /** Key under `demo` in the locales. */
  title: string
  icon: Component
  to: { name: string }
}

interface SidebarSection extends SidebarEntry {
  entries: SidebarEntry[]
}

const entry = (title: string, icon: Component, name: string): SidebarEntry => ({ title, icon, to: { name } })

/** The sections of Datashare's sidebar, in its order. */
export const SECTIONS: SidebarSection[] = [
  { ...entry('projects', IconProjects, 'project.list'), entries: [entry('allProjects', IconAll, 'project.list')] },
  {
    ...entry('searchTitle', IconSearch, 'search'),
    entries: [entry('documents', IconSearchFile, 'search'), entry('history', IconHistory, 'search.history.list'), entry('savedSearches', IconSaved, 'search.saved.list')],
  },
  {
    ...entry('tasks', IconTasks, 'task.task-board'),
    entries: [
      entry('taskBoard', IconAll, 'task.task-board'),
      entry('batchSearches', IconBatchSearch, 'task.batch-search.list'),
      entry('batchDownloads', IconDownload, 'task.batch-download.list'),
      entry('documents', IconFiles, 'task.documents.list'),
      entry('entities', IconEntities, 'task.entities.list'),
    ],
  },
]
