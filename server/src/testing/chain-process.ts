import { openLocalChain } from './local-chain.ts'
import { createMemoryDocuments, prose } from './memory-documents.ts'
import { createStandInEmbedders } from './stand-in-embedders.ts'

/**
 * A companion's chain as a process of its own, without the model, for tests that kill it with many passages: goes on with the
 * chain of the folder, or starts one. Arguments: data folder, documents, characters of each. Sends each change of the task.
 */
const [dataDir, documents, characters] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('a data folder is needed')

const source = createMemoryDocuments()
const chain = await openLocalChain(createStandInEmbedders(), { source, dataDir })
for (let number = 1; number <= Number(documents); number++) {
  source.put(chain.project.name, { id: `d${number}`, content: prose(number, Number(characters)) })
}
const { id } = await chain.engine.latest(chain.project) ?? await chain.engine.start(chain.project, { mode: 'update' })
const timer = setInterval(() => void chain.task(id).then(task => process.send?.(task)), 20)
await chain.engine.idle()
clearInterval(timer)
process.send?.(await chain.task(id))
await chain.engine.close()
await chain.store.close()
process.disconnect()
