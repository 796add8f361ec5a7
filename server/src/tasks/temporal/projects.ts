import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { EvaluationSchema } from '@datashare-similarity/shared/contract'
import type { ProjectName } from '../../datashare/access.ts'
import { CalibrationSchema, type Generation } from '../../store/generation.ts'
import type { Records } from '../../store/elasticsearch/records.ts'
import type { EngineGenerations } from '../create-engine.ts'
import { ProjectColumn } from '../rows.ts'

const text = z.string()

const GenerationSchema = z.object({
  id: text, project: ProjectColumn, modelId: text, modelRevision: text, dimensions: z.int(), passageRules: text,
  state: z.enum(['building', 'current', 'retired']),
  calibration: CalibrationSchema.nullable(),
  evaluation: EvaluationSchema.nullable(),
  createdAt: text, updatedAt: text,
})

/** One record per project: its generations, and the chain that runs. So a swap is one write, and no two chains run at once. */
export const ProjectRecordSchema = z.object({
  project: ProjectColumn,
  sequence: z.int(),
  running: z.object({ task: text }).nullable(),
  generations: z.array(GenerationSchema),
  /** To be found by. */
  generationIds: z.array(text),
})
export type ProjectRecord = z.infer<typeof ProjectRecordSchema>

export const PROJECT_PROPERTIES = { project: { type: 'keyword' }, generationIds: { type: 'keyword' } } as const
const ALL = { order: 'asc', size: 10_000 } as const

export interface Projects extends EngineGenerations {
  get(project: ProjectName): Promise<ProjectRecord | null>
  /** Changes a project's record, again where somebody was faster. Null leaves it as it is. */
  change(project: ProjectName, change: (record: ProjectRecord) => ProjectRecord | null | Promise<ProjectRecord | null>): Promise<void>
  retired(project: ProjectName): Promise<Generation[]>
}

/** Generations in records that all companions and workers share. */
export function createProjects(records: Records<ProjectRecord>): Projects {
  const now = (): string => new Date().toISOString()
  const empty = (project: ProjectName): ProjectRecord => ({ project, sequence: 0, running: null, generations: [], generationIds: [] })
  const get = async (project: ProjectName): Promise<ProjectRecord | null> => (await records.get(project))?.record ?? null
  const select = async (project: ProjectName, state?: Generation['state']): Promise<Generation[]> =>
    (await get(project))?.generations.filter(generation => state === undefined || generation.state === state) ?? []

  const change: Projects['change'] = async (project, work) => {
    for (;;) {
      const found = await records.get(project)
      const changed = await work(found?.record ?? empty(project))
      if (changed === null) return
      const next = { ...changed, generationIds: changed.generations.map(({ id }) => id) }
      if (found === null ? await records.create(project, next) : await records.replace(project, found.version, next)) return
    }
  }
  /** Of one that is gone nothing is changed. */
  const changeOf = async (id: string, work: (generations: readonly Generation[]) => Generation[]): Promise<void> => {
    const [found] = (await records.find({ generationIds: id }, ALL)).records
    if (found !== undefined) await change(found.project, record => ({ ...record, generations: work(record.generations) }))
  }
  const update = (id: string, fields: Partial<Generation>): Promise<void> =>
    changeOf(id, generations => generations.map(generation => (generation.id === id ? { ...generation, ...fields } : generation)))

  return {
    get,
    change,
    current: async project => (await select(project, 'current'))[0] ?? null,
    building: async project => (await select(project, 'building'))[0] ?? null,
    all: project => select(project),
    retired: project => select(project, 'retired'),
    async create(spec) {
      const at = now()
      const generation: Generation = { ...spec, id: randomUUID(), state: 'building', calibration: null, evaluation: null, createdAt: at, updatedAt: at }
      // It may be there already: written, and the answer lost.
      await change(spec.project, record => (record.generations.some(({ id }) => id === generation.id) ? null : { ...record, generations: [...record.generations, generation] }))
      return generation
    },
    async makeCurrent(id) {
      const at = now()
      const isRetired = (generations: readonly Generation[]): boolean => generations.some(generation => generation.id === id && generation.state === 'retired')
      const swapped = (generation: Generation): Generation => {
        if (generation.id === id) return generation.state === 'current' ? generation : { ...generation, state: 'current', updatedAt: at }
        return generation.state === 'current' ? { ...generation, state: 'retired', updatedAt: at } : generation
      }
      await changeOf(id, generations => (isRetired(generations) ? [...generations] : generations.map(swapped)))
    },
    calibrate: (id, calibration) => update(id, { calibration }),
    evaluate: (id, evaluation) => update(id, { evaluation }),
    touch: id => update(id, { updatedAt: now(), evaluation: null }),
    remove: id => changeOf(id, generations => generations.filter(generation => generation.id !== id)),
    byId: async (id, project) => (await select(project)).find(generation => generation.id === id) ?? null,
    retire: id => update(id, { state: 'retired', updatedAt: now() }),
    inUse: async () => (await records.find({}, ALL)).records.flatMap(({ generations }) => generations.filter(({ state }) => state !== 'retired')),
  }
}
