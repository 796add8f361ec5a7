import type { Embedders } from '../embedding/embedder.ts'
import type { TestChain } from './chain.ts'
import type { Engine } from './engines.ts'
import { openLocalChain } from './local-chain.ts'
import { startCluster } from './temporal-chain.ts'
import { startTemporalDatashare } from './temporal-datashare.ts'

/** Opens chains on one engine, each with a project of its own; one at a time. */
export interface Chains extends AsyncDisposable {
  open(embedders: Embedders): Promise<TestChain>
  /** Where tasks and vectors of all of them are; null where each has a data folder. */
  readonly elasticsearch: { readonly url: string } | null
}

export const startChains = (engine: Engine): Promise<Chains> =>
  (engine === 'temporal' ? startCluster('full', startTemporalDatashare) : Promise.resolve({ open: openLocalChain, elasticsearch: null, [Symbol.asyncDispose]: () => Promise.resolve() }))
