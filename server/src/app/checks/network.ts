import { createServer } from 'node:http'
import type { SimilarityClient } from '@datashare-similarity/shared'
import { settingsOf } from '../../datashare/facts.ts'
import { listenOn } from '../../http/server.ts'
import { dataFolderOwner } from '../../tasks/local/lock.ts'
import { isLoopback, type Config } from '../config.ts'
import { VERSION } from '../version.ts'
import { fine, warning, type Finding } from './finding.ts'

/** What runs, or whether it could. @throws SimilarityError configuration_wrong where its port is taken by something else | companion_unreachable | store_unreadable */
export async function checkCompanion(config: Config, running: SimilarityClient | null): Promise<Finding> {
  if (running !== null) return runningFinding(running)
  const owner = dataFolderOwner(config.dataDir)
  if (owner !== null) return warning('companion', 'companion_silent', `Process ${owner.pid ?? 'unknown'} works on the data folder.`)
  const server = await listenOn(createServer(), config)
  await new Promise<void>(resolve => server.close(() => resolve()))
  return fine('companion', `None runs, and ${config.host}:${config.port} is free for it.`)
}

async function runningFinding(running: SimilarityClient): Promise<Finding> {
  const [{ version }, { checks }] = await Promise.all([running.info(), running.ready()])
  const faults = Object.entries(checks).filter(([, check]) => check?.ok === false).map(([part, check]) => `${part} (${check?.code ?? 'unknown'})`)
  const detail = `A companion of version ${version} runs${faults.length === 0 ? ', and is ready' : `, and does not reach: ${faults.join(', ')}`}.`
  return version === VERSION ? fine('companion', detail) : warning('companion', 'companion_other_version', `${detail} This command has version ${VERSION}.`)
}

/** Whether the pages of Datashare may call the companion, and their browsers can reach it. @throws SimilarityError datashare_unreachable */
export async function checkOrigins({ datashareUrl, allowedOrigins, publicUrl, host }: Config): Promise<Finding> {
  const { mode } = await settingsOf(datashareUrl)
  const { origin, hostname, protocol } = new URL(datashareUrl)
  const reached = `Allowed are ${allowedOrigins.join(', ') || 'none'}.`
  if (mode !== 'SERVER' && !isLoopback(host)) return warning('origins', 'open_to_network', `Datashare is in ${mode} mode, and SIMILARITY_HOST is ${host}.`)
  if (!allowedOrigins.includes(origin)) return warning('origins', 'origin_missing', reached)
  const isElsewhere = !isLoopback(hostname) && isLoopback(host)
  if (publicUrl === null && (isElsewhere || protocol === 'https:')) return warning('origins', 'public_url_missing', `Datashare is at ${origin}.`)
  return fine('origins', reached)
}
