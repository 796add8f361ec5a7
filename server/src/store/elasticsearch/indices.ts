import type { Client } from '@elastic/elasticsearch'
import PQueue from 'p-queue'
import { SimilarityError } from '@datashare-similarity/shared'
import { typeOf } from '../../datashare/elasticsearch-errors.ts'
import type { Generation } from '../generation.ts'
import { toStoreError } from './faults.ts'
import { indexBody, indexNames, ownershipOf, type Ownership, type VectorIndex } from './layout.ts'

interface IndicesOptions {
  readonly client: Client
  readonly vectorsOf: (generation: Generation) => VectorIndex
  /** Aborted when the store closes. */
  readonly signal: AbortSignal
}

/**
 * The pairs of indices of this companion, one per generation. What carries the name of one is looked at before it is trusted.
 * Writes to a pair run one at a time, so that two versions of a document never mix; of other processes the caller sees that they write other documents.
 */
export function createIndices({ client, vectorsOf, signal }: IndicesOptions) {
  const trusted = new Map<string, Promise<void>>()
  const queues = new Map<string, PQueue>()
  const dropped = new Set<string>()

  /** By name; without those that are not there. */
  async function ownerships(generation: Generation): Promise<Map<string, Ownership>> {
    const names = Object.values(indexNames(generation))
    const found = await client.indices.getMapping({ index: names, ignore_unavailable: true }, { signal })
    return new Map(Object.entries(found).map(([name, { mappings }]) => [name, names.includes(name) ? ownershipOf(mappings, generation) : 'not ours']))
  }

  async function demandOurs(generation: Generation): Promise<void> {
    const found = await ownerships(generation)
    for (const [name, ownership] of found) {
      if (ownership !== 'ours') throw new SimilarityError('index_not_ours', { detail: `The index "${name}" is ${ownership}.` })
    }
    if (found.size < Object.keys(indexNames(generation)).length) throw new SimilarityError('vectors_missing')
  }

  /** Looked at once in the life of the process. */
  function trust(generation: Generation): Promise<void> {
    const known = trusted.get(generation.id)
    if (known !== undefined) return known
    const checked = demandOurs(generation)
    trusted.set(generation.id, checked)
    checked.catch(() => trusted.delete(generation.id))
    return checked
  }

  function faultOf(generation: Generation, error: unknown): unknown {
    const fault = toStoreError(error, signal)
    if (!(fault instanceof SimilarityError) || fault.code !== 'vectors_missing') return fault
    trusted.delete(generation.id)
    return dropped.has(generation.id) ? new SimilarityError('generation_changed') : fault
  }

  async function guarded<T>(generation: Generation, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw faultOf(generation, error)
    }
  }

  function inTurn<T>({ id }: Generation, work: () => Promise<T>): Promise<T> {
    const queue = queues.get(id) ?? new PQueue({ concurrency: 1 })
    queues.set(id, queue)
    return queue.add(work)
  }

  async function make(generation: Generation): Promise<void> {
    for (const kind of ['passages', 'documents'] as const) {
      await client.indices.create({ index: indexNames(generation)[kind], ...indexBody(kind, generation, vectorsOf(generation)) }, { signal }).catch((error: unknown) => {
        if (typeOf(error) !== 'resource_already_exists_exception') throw error
      })
    }
  }

  return {
    faultOf,
    trust: (generation: Generation) => guarded(generation, () => trust(generation)),

    create: (generation: Generation): Promise<void> => guarded(generation, () => inTurn(generation, async () => {
      await make(generation)
      dropped.delete(generation.id)
      await trust(generation)
    })),

    /** Whether its indices have the layout that is expected; also where there are none yet. */
    fit: (generation: Generation): Promise<boolean> => guarded(generation, async () => [...(await ownerships(generation)).values()].every(each => each === 'ours')),

    read: <T>(generation: Generation, work: () => Promise<T>): Promise<T> => guarded(generation, async () => {
      await trust(generation)
      return await work()
    }),

    /** Runs after every write that was asked for before. */
    write: <T>(generation: Generation, work: () => Promise<T>): Promise<T> => guarded(generation, () => inTurn(generation, async () => {
      await trust(generation)
      return await work()
    })),

    /** Of the companion's own making only; what else has the name stays. */
    drop: (generation: Generation): Promise<void> => guarded(generation, () => inTurn(generation, async () => {
      dropped.add(generation.id)
      trusted.delete(generation.id)
      const own = [...await ownerships(generation)].flatMap(([name, ownership]) => (ownership === 'not ours' ? [] : [name]))
      if (own.length > 0) await client.indices.delete({ index: own, ignore_unavailable: true }, { signal })
    })),

    async idle(): Promise<void> {
      await Promise.all([...queues.values()].map(queue => queue.onIdle()))
    },
  }
}

export type Indices = ReturnType<typeof createIndices>
