import type { SimilarityClient } from '@datashare-similarity/shared'
import type { Logger } from '../../log.ts'
import type { Config } from '../config.ts'
import { failed, type CheckName, type Finding } from './finding.ts'
import { checkDataFolder, checkDisk, checkLedger, checkModel, checkNode } from './machine.ts'
import { checkCompanion, checkOrigins } from './network.ts'
import { checkDatashare, checkElasticsearch, checkRights, checkTasks, checkTemporal } from './services.ts'

/** Tells what it found; throws a SimilarityError for what stops the companion, or for what it cannot work without. */
type Check = () => Finding | Promise<Finding>

interface Examined {
  readonly config: Config
  readonly apiKey: string | undefined
  /** Looks for a companion that runs already. */
  readonly running: () => Promise<SimilarityClient | null>
}

/**
 * What a start would stumble over only after it has changed something; the rest of what it needs refuses with the same error when it is opened.
 * @throws SimilarityError store_unreadable | data_folder_newer | configuration_wrong
 */
export async function demandStart(config: Config, log: Logger): Promise<void> {
  for (const check of [checkDataFolder, checkLedger]) {
    const { severity, code, detail, fix } = await check(config)
    if (severity !== 'ok') log.warn({ code, fix }, detail)
  }
}

/** Looks at everything that a companion needs, and changes nothing. In the order in which an operator would mend it. */
export async function examine({ config, apiKey, running }: Examined): Promise<Finding[]> {
  const [machine, elasticsearch, datashare, temporal] = await Promise.all([
    examineMachine(config, running),
    run('elasticsearch', () => checkElasticsearch(config)),
    run('datashare', () => checkDatashare(config)),
    config.engine === 'temporal' ? run('temporal', () => checkTemporal(config)).then(finding => [finding]) : [],
  ])
  // One fault is told once.
  const besides = [['rights', () => checkRights(config, apiKey)], ['origins', () => checkOrigins(config)], ['tasks', () => checkTasks(config)]] as const
  const possible = datashare.severity === 'error' ? [] : besides.filter(([name]) => name !== 'rights' || elasticsearch.severity !== 'error')
  return [...machine, elasticsearch, datashare, ...await Promise.all(possible.map(([name, check]) => run(name, check))), ...temporal]
}

const examineMachine = (config: Config, running: Examined['running']): Promise<Finding[]> => Promise.all([
  run('node', checkNode),
  run('data_folder', () => checkDataFolder(config)),
  run('disk', () => checkDisk(config)),
  run('ledger', () => checkLedger(config)),
  run('model', () => checkModel(config)),
  run('companion', async () => checkCompanion(config, await running())),
])

async function run(name: CheckName, check: Check): Promise<Finding> {
  try {
    return await check()
  } catch (error) {
    return failed(name, error)
  }
}
