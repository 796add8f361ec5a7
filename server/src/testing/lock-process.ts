import { openDataFolderLock } from '../tasks/local/lock.ts'

/** Claims the data folder that it is given, says so, and holds it until it is killed or its parent is gone. */
const [dataDir] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('a data folder is needed')
const lock = await openDataFolderLock(dataDir)
process.on('disconnect', () => void lock.close())
process.on('message', () => undefined)
process.send?.('claimed')
