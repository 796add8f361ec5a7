import { createEditableDocuments } from './editable-documents.ts'
import { startGuardedCompanion } from './guarded-companion.ts'
import { prose } from './memory-documents.ts'

/**
 * A companion as a process of its own, so that its memory is no other's: one small project is vectorized, a large one waits.
 * Arguments: logins, separated by commas; the key of each is `<login>-key`. Sends its address, and its resident memory, in bytes, when it is asked.
 */
const callers = process.argv[2]?.split(',') ?? []
const companion = await startGuardedCompanion({
  documents: createEditableDocuments({
    ready: { tanker: 'The tanker changed its flag at sea.', ...Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`file-${index}`, prose(index, 800)])) },
    growing: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`file-${index}`, prose(index, 2_000)])),
  }),
  users: callers.map(uid => ({ uid, apiKey: `${uid}-key`, projects: ['ready', 'growing'], roles: [{ role: 'PROJECT_EDITOR', on: '*::*' }] })),
})
await companion.vectorize(`${callers[0]}-key`, 'ready')
process.on('message', () => {
  globalThis.gc?.()
  process.send?.(process.memoryUsage.rss())
})
process.once('disconnect', () => void companion[Symbol.asyncDispose]())
process.send?.(companion.url)
