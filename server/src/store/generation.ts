import type { ProjectName } from '../datashare/access.ts'

/** A complete set of a project's vectors, made with one model and one set of passage rules. */
export interface Generation {
  readonly id: string
  readonly project: ProjectName
  readonly modelId: string
  readonly modelRevision: string
  readonly dimensions: number
  readonly passageRules: string
  readonly state: 'building' | 'current' | 'retired'
  /** Cosines of random pairs of the project's passages: what "unrelated" looks like here. Null before the first verification. */
  readonly calibration: { readonly mean: number, readonly deviation: number } | null
  readonly createdAt: string
  readonly updatedAt: string
}

/** Which generations a project has. Kept by the task engine's rows, because a swap ends a chain. */
export interface Generations {
  current(project: ProjectName): Promise<Generation | null>
  /** The unfinished one, if any. */
  building(project: ProjectName): Promise<Generation | null>
  create(spec: Pick<Generation, 'project' | 'modelId' | 'modelRevision' | 'dimensions' | 'passageRules'>): Promise<Generation>
  /** Swaps in at once: what was current is retired. Idempotent. */
  makeCurrent(id: string): Promise<void>
  calibrate(id: string, calibration: { mean: number, deviation: number }): Promise<void>
  /** Notes that its content changed. */
  touch(id: string): Promise<void>
  all(project: ProjectName): Promise<Generation[]>
  remove(id: string): Promise<void>
}
