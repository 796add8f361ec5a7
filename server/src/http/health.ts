import { SimilarityError, type Ready } from '@datashare-similarity/shared'
import type { Companion } from './companion.ts'

/** Asks every part whether it works, and says which does not. */
export async function readiness({ access, source, store, embedders }: Pick<Companion, 'access' | 'source' | 'store' | 'embedders'>): Promise<Ready> {
  const [model, storeCheck, elasticsearch, datashare] = await Promise.all([
    check(async () => {
      const embedder = await embedders.get(embedders.defaultModel.id)
      if (!embedder.ready) throw new SimilarityError('embedder_unavailable')
    }),
    check(() => store.ping()),
    check(() => source.ping()),
    check(async () => {
      if (await access.version() === null) throw new SimilarityError('datashare_unreachable')
    }),
  ])
  return { ready: [model, storeCheck, elasticsearch, datashare].every(part => part.ok), checks: { model, store: storeCheck, elasticsearch, datashare } }
}

async function check(probe: () => Promise<void>): Promise<{ ok: boolean, code?: string }> {
  try {
    await probe()
    return { ok: true }
  } catch (error) {
    return { ok: false, code: error instanceof SimilarityError ? error.code : 'internal' }
  }
}
