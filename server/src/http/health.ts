import { SimilarityError, type Ready } from '@datashare-similarity/shared'
import type { AccessCheck } from '../datashare/access.ts'
import type { DocumentSource } from '../datashare/source.ts'
import type { Embedders } from '../embedding/embedder.ts'
import type { VectorStore } from '../store/store.ts'

interface Checked {
  readonly access: AccessCheck
  readonly source: DocumentSource
  readonly store: VectorStore
  readonly embedders: Embedders
}

/** Asks every part whether it works, and says which does not. */
export async function readiness({ access, source, store, embedders }: Checked): Promise<Ready> {
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
