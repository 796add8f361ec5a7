import { LIMITS, type Project } from '@datashare-similarity/shared'
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { useApi } from '../api/client.ts'
import { isFinished } from './project-vectorization.ts'
import { createPoll } from './poll.ts'

/** Rarely: it asks for every project at once. */
const POLL_MS = { least: 5_000, most: 10_000 }
/** For so long another part of the page, or the way back to it, asks for nothing. */
const FRESH_MS = 30_000

/** How every project of the reader stands: one question for all of them, whoever shows one. */
export const useProjectsStore = defineStore('similarity-projects', () => {
  const api = useApi()
  const projects = shallowRef<ReadonlyMap<string, Project>>(new Map())
  const isKnown = ref(false)
  const poll = createPoll({ ask: load, isNeeded: () => [...projects.value.values()].some(({ task }) => task !== null && !isFinished(task)), pace: POLL_MS })
  let readAt = Number.NEGATIVE_INFINITY

  async function load(): Promise<void> {
    readAt = Date.now()
    try {
      projects.value = new Map((await everyPage()).map(project => [project.project, project]))
      isKnown.value = true
    } catch {
      // The list of projects is Datashare's: where the companion has nothing to say of them, it stays as it is.
      readAt = Number.NEGATIVE_INFINITY
    }
    poll.schedule()
  }

  async function everyPage(): Promise<Project[]> {
    const all: Project[] = []
    for (;;) {
      const { items, pagination } = await api.projects({ from: all.length, size: LIMITS.size })
      all.push(...items)
      if (items.length === 0 || all.length >= pagination.total) return all
    }
  }

  /** Keeps them fresh until the returned function is called. */
  function follow(): () => void {
    if (Date.now() - readAt > FRESH_MS) void load()
    return poll.follow()
  }

  return { projects, isKnown, follow, load }
})
