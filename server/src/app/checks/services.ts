import { SimilarityError } from '@datashare-similarity/shared'
import type { Caller, ProjectName } from '../../datashare/access.ts'
import { createAccessCheck } from '../../datashare/access-check.ts'
import { elasticsearchVersion } from '../../datashare/elasticsearch-client.ts'
import { openElasticsearchDocuments } from '../../datashare/elasticsearch-documents.ts'
import { settingsOf, versionOf } from '../../datashare/facts.ts'
import type { DocumentSource } from '../../datashare/source.ts'
import { runsTasksOfGroups } from '../../datashare/tasks.ts'
import { createLogger } from '../../log.ts'
import { supported } from '../../store/elasticsearch/elasticsearch.ts'
import { installed } from '../../tasks/temporal/connection.ts'
import type { Config } from '../config.ts'
import { failed, fine, lesser, warning, type Finding } from './finding.ts'

/** What the project is tried with, and what it was made for. */
const ELASTICSEARCH_MAJOR = 8
const DATASHARE = { from: [20, 8], upTo: [21, 18] } as const
/** The first Datashare that tells roles. */
const TELLS_ROLES = [21, 0, 1] as const
const TEMPORAL_TIMEOUT_MS = 3_000
/** So many projects are tried. */
const PROJECTS = 100

/** @throws SimilarityError elasticsearch_unreachable | elasticsearch_refused | elasticsearch_too_old | configuration_wrong */
export async function checkElasticsearch({ elasticsearch, store }: Config): Promise<Finding> {
  const version = await elasticsearchVersion(elasticsearch)
  if (version === null) return fine('elasticsearch', `Elasticsearch answers at ${elasticsearch.url}; this account may not ask for its version.`)
  const detail = `Elasticsearch ${version} answers at ${elasticsearch.url}.`
  const [major = 0] = numbersOf(version)
  if (store === 'elasticsearch') supported(version)
  if (major < ELASTICSEARCH_MAJOR) throw new SimilarityError('elasticsearch_too_old', { detail })
  return major > ELASTICSEARCH_MAJOR ? warning('elasticsearch', 'elasticsearch_untested', detail) : fine('elasticsearch', detail)
}

/** @throws SimilarityError datashare_unreachable */
export async function checkDatashare({ datashareUrl, vectorizeRole }: Config): Promise<Finding> {
  const [version, { mode }] = await Promise.all([versionOf(datashareUrl), settingsOf(datashareUrl)])
  const detail = `Datashare ${version} answers at ${datashareUrl}, in ${mode} mode.`
  const numbers = numbersOf(version)
  if (isBefore(numbers, DATASHARE.from)) return warning('datashare', 'datashare_too_old', detail)
  if (mode === 'SERVER' && vectorizeRole !== 'PROJECT_MEMBER' && isBefore(numbers, TELLS_ROLES)) return lesser(failed('datashare', new SimilarityError('role_unknown', { detail: `${detail} It does not tell roles, so nobody may vectorize.` })))
  return isBefore(DATASHARE.upTo, numbers.slice(0, 2)) ? warning('datashare', 'datashare_untested', detail) : fine('datashare', detail)
}

/** Where chains run, and whether Datashare's page of tasks shows them. @throws SimilarityError datashare_unreachable */
export async function checkTasks({ datashareUrl, engine, temporal: { namespace } }: Config): Promise<Finding> {
  const { batchQueueType = 'unknown', taskRoutingStrategy = 'unknown', temporalNamespace } = await settingsOf(datashareUrl)
  const through = `Datashare's own go through ${batchQueueType} (routing ${taskRoutingStrategy}`
  if (engine === 'local') return fine('tasks', `The companion runs its tasks itself. ${through}), which does not matter to it.`)
  if (await runsTasksOfGroups(datashareUrl, namespace)) return fine('tasks', 'Vectorizations run on Temporal, and stand on Datashare\'s page of tasks, where they can be stopped too.')
  return fine('tasks', `Vectorizations run on Temporal, and are not on Datashare's page of tasks. ${through}${temporalNamespace === undefined ? '' : `, namespace ${temporalNamespace}`}). For them to stand there, start it with --batchQueueType=TEMPORAL --taskRoutingStrategy=GROUP --temporalNamespace=${namespace}.`)
}

/** @throws SimilarityError temporal_unreachable | configuration_wrong where the namespace or Temporal's packages are missing */
export async function checkTemporal({ temporal }: Config): Promise<Finding> {
  const { openTemporalClient } = await installed(() => import('../../tasks/temporal/client.ts'))
  const client = await openTemporalClient(temporal, TEMPORAL_TIMEOUT_MS)
  try {
    const detail = `Temporal answers at ${temporal.address}, and has the namespace ${temporal.namespace}.`
    return await client.hasWorkers() ? fine('temporal', detail) : warning('temporal', 'no_worker', detail)
  } finally {
    await client.close()
  }
}

/** Tries to read each project, as tasks do: as the companion, while which projects there are is asked as the owner of the API key. */
export async function checkRights({ datashareUrl, vectorizeRole, elasticsearch }: Config, apiKey: string | undefined): Promise<Finding> {
  const log = createLogger('silent')
  const access = createAccessCheck({ url: datashareUrl, vectorizeRole, log })
  const caller = await identified(() => access.identify({ cookie: undefined, authorization: apiKey === undefined ? undefined : `Bearer ${apiKey}` }))
  if (caller === null) return warning('rights', 'rights_not_checked', 'Datashare asks for a sign-in.')
  const source = await openElasticsearchDocuments({ ...elasticsearch, log })
  try {
    for (const project of caller.projects.slice(0, PROJECTS)) await tryToRead(source, project)
    return fine('rights', `The documents of ${caller.projects.length} projects that ${caller.uid} sees can be read in Elasticsearch.`)
  } finally {
    await source.close()
  }
}

/** Null for somebody whom Datashare does not know. */
async function identified(ask: () => Promise<Caller>): Promise<Caller | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof SimilarityError && error.code === 'anonymous') return null
    throw error
  }
}

/** A project may be too young to have an index. @throws SimilarityError naming the project */
async function tryToRead(source: DocumentSource, project: ProjectName): Promise<void> {
  try {
    await source.count(project)
  } catch (error) {
    if (!(error instanceof SimilarityError)) throw error
    if (error.code !== 'index_missing') throw new SimilarityError(error.code, { detail: `Project "${project}": ${error.detail}` })
  }
}

const numbersOf = (version: string): number[] => version.split(/[.-]/).map(part => Number.parseInt(part, 10)).filter(number => !Number.isNaN(number))

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  for (const [index, number] of other.entries()) {
    const own = version[index] ?? 0
    if (own !== number) return own < number
  }
  return false
}
