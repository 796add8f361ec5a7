import type { DocumentIdentity, TextIdentity } from './store.ts'

/** Up to `limit` documents that may be copies of any of these texts. */
type Find = (texts: readonly TextIdentity[], limit: number) => Promise<DocumentIdentity[]>

/** Asks for the copies of all texts together; only where there are so many that a text may have been cut off, for those of each. */
export async function likelyCopiesOfEach(texts: readonly TextIdentity[], limit: number, find: Find): Promise<DocumentIdentity[][]> {
  if (texts.length === 0) return []
  const found = await find(texts, limit)
  if (texts.length === 1) return [found]
  if (found.length < limit) return texts.map(text => found.filter(other => isLikelyCopy(text, other)))
  return await Promise.all(texts.map(text => find([text], limit)))
}

const isLikelyCopy = (text: TextIdentity, other: TextIdentity): boolean =>
  text.contentHash === other.contentHash || (text.fingerprint?.bands.some((band, place) => band === other.fingerprint?.bands[place]) ?? false)
