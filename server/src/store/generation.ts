import { z } from 'zod'
import type { Evaluation } from '@datashare-similarity/shared'
import type { ProjectName } from '../datashare/access.ts'

/** What unrelated texts have: the middle of their cosines, and how far they usually lie from it. */
const BackgroundSchema = z.object({ median: z.number(), deviation: z.number() })
export type Background = Readonly<z.infer<typeof BackgroundSchema>>

/** The backgrounds of a project: of passages with passages, and of short queries with passages. */
export const CalibrationSchema = z.object({ passages: BackgroundSchema, queries: BackgroundSchema })
export type Calibration = Readonly<z.infer<typeof CalibrationSchema>>

/** A complete set of a project's vectors, made with one model and one set of passage rules. */
export interface Generation {
  readonly id: string
  readonly project: ProjectName
  readonly modelId: string
  readonly modelRevision: string
  readonly dimensions: number
  readonly passageRules: string
  readonly state: 'building' | 'current' | 'retired'
  /** Null before the first verification, and for a project too small to say. */
  readonly calibration: Calibration | null
  /** Null where it was not measured, or its content has changed since. */
  readonly evaluation: Evaluation | null
  readonly createdAt: string
  readonly updatedAt: string
}

/** Which generations a project has. Kept by the task engine's rows, because a swap ends a chain. */
export interface Generations {
  current(project: ProjectName): Promise<Generation | null>
  /** The unfinished one, if any. */
  building(project: ProjectName): Promise<Generation | null>
  create(spec: Pick<Generation, 'project' | 'modelId' | 'modelRevision' | 'dimensions' | 'passageRules'>): Promise<Generation>
  /** Swaps in at once: what was current is retired. Idempotent. One that was retired meanwhile stays so, and nothing is swapped. */
  makeCurrent(id: string): Promise<void>
  calibrate(id: string, calibration: Calibration): Promise<void>
  evaluate(id: string, evaluation: Evaluation): Promise<void>
  /** Notes that its content changed: what was measured of it no longer holds. */
  touch(id: string): Promise<void>
  all(project: ProjectName): Promise<Generation[]>
  remove(id: string): Promise<void>
}
