import { SimilarityError, type Ready } from '@datashare-similarity/shared'
import type { Companion } from './companion.ts'

/** Asks every part whether it works, and says which does not. Temporal is a part where it is the engine. */
export async function readiness({ access, source, store, embedders, engine }: Pick<Companion, 'access' | 'source' | 'store' | 'embedders' | 'engine'>): Promise<Ready> {
  const [model, storeCheck, elasticsearch, datashare, temporal] = await Promise.all([
    check(async () => {
      const embedder = await embedders.get(embedders.defaultModel.id)
      if (!embedder.ready) throw new SimilarityError('embedder_unavailable')
    }),
    check(() => store.ping()),
    check(() => source.ping()),
    check(async () => {
      if (await access.version() === null) throw new SimilarityError('datashare_unreachable')
    }),
    engine.kind === 'temporal' ? check(() => engine.ping()) : undefined,
  ])
  const checks = { model, store: storeCheck, elasticsearch, datashare, ...temporal !== undefined && { temporal } }
  return { ready: Object.values(checks).every(part => part.ok), checks }
}

async function check(probe: () => Promise<void>): Promise<{ ok: boolean, code?: string }> {
  try {
    await probe()
    return { ok: true }
  } catch (error) {
    return { ok: false, code: error instanceof SimilarityError ? error.code : 'internal' }
  }
}
