import { defineStore } from 'pinia'
import { useApi } from '../api/client.ts'
import { createProjectVectorization, type ProjectVectorization } from './project-vectorization.ts'

/** Vectorization of each project, shared by all that shows it. */
export const useVectorizationStore = defineStore('similarity-vectorization', () => {
  const api = useApi()
  const projects = new Map<string, ProjectVectorization>()

  function of(name: string): ProjectVectorization {
    const known = projects.get(name) ?? createProjectVectorization(api, name)
    projects.set(name, known)
    return known
  }

  return { of }
})
