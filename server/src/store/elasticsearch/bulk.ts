import { setImmediate as turn } from 'node:timers/promises'
import type { Client } from '@elastic/elasticsearch'
import { LineRefused } from './faults.ts'
import { writesOf } from './layout.ts'

export interface Operation {
  readonly action: 'index' | 'update' | 'delete'
  readonly id: string
  /** Of an update the fields that change. */
  readonly entry?: Readonly<Record<string, unknown>>
}

/** A request takes several times its size of Elasticsearch's memory. */
const BULK_BYTES = 8_000_000
const TIMEOUT = 120_000

/** Writes in requests of bounded size, in order. Each line is idempotent, so whoever is patient repeats them all. @throws LineRefused with what Elasticsearch says of the first one that failed */
export async function writeInBulk(client: Client, index: string, operations: Iterable<Operation> | AsyncIterable<Operation>, signal: AbortSignal): Promise<void> {
  let lines: string[] = []
  let bytes = 0
  const send = async (): Promise<void> => {
    if (lines.length === 0) return
    const answer = await client.bulk({ index: writesOf(index), require_alias: true, operations: lines }, { requestTimeout: TIMEOUT, maxRetries: 0, signal })
    lines = []
    bytes = 0
    if (!answer.errors) return
    for (const { error, status } of answer.items.flatMap(item => Object.values(item))) {
      // What is not there needs no change.
      if (error !== undefined && error.type !== 'document_missing_exception') throw new LineRefused(error.type, error.reason ?? '', status)
    }
  }
  for await (const { action, id, entry } of operations) {
    const own = [JSON.stringify({ [action]: { _id: id } }), ...entry === undefined ? [] : [JSON.stringify(action === 'update' ? { doc: entry } : entry)]]
    const size = own.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
    if (bytes + size > BULK_BYTES) await send()
    lines.push(...own)
    bytes += size
    await turn()
  }
  await send()
}
