import type { Config } from './config.ts'

export interface Project {
  name: string
  label?: string | null
  description?: string | null
  sourcePath?: string | null
  creationDate?: number | string | null
  updateDate?: number | string | null
}

export function projectsOf(config: Config): Project[] {
  const projects = config.get('projects')
  return Array.isArray(projects) ? projects as Project[] : []
}

export function labelOf(project: Project): string {
  return project.label ?? project.name
}
