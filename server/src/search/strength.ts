import type { SimilarQuery, Strength } from '@datashare-similarity/shared'
import type { Background, Generation } from '../store/generation.ts'

/** Deviations above what unrelated passages of the project have: cosines of different models and projects become comparable. */
const STRONG = 4
/** At 2.5 about one unrelated pair in 160 passes, so a page of results is mostly free of them; at 4 one in 30,000. */
const RELATED = 2.5
/** What unrelated English texts have with the bundled model, where a project is too small to be measured. */
const UNMEASURED = { passages: { median: 0.14, deviation: 0.11 }, queries: { median: 0.08, deviation: 0.1 } }
/** A project of copies has no deviation to speak of. */
const LEAST_DEVIATION = 0.01

const ORDER: readonly Strength[] = ['weak', 'related', 'strong', 'near-identical']

export interface Standing {
  /** Cosine of the best passage; null where the meaning list lacks the document. */
  readonly cosine: number | null
  readonly hasWords: boolean
  /** The content is a copy of an example's: never concluded from a cosine. */
  readonly isCopy: boolean
}

/** What chance looks like for queries, or for examples. */
export const backgroundFor = ({ calibration }: Pick<Generation, 'calibration'>, isExample: boolean): Background =>
  (calibration ?? UNMEASURED)[isExample ? 'passages' : 'queries']

export function strengthOf({ cosine, hasWords, isCopy }: Standing, background: Background): Strength {
  if (isCopy) return 'near-identical'
  const byMeaning = strengthOfCosine(cosine, background)
  return byMeaning === 'weak' && hasWords ? 'words' : byMeaning
}

function strengthOfCosine(cosine: number | null, { median, deviation }: Background): 'strong' | 'related' | 'weak' {
  if (cosine === null) return 'weak'
  const deviations = (cosine - median) / Math.max(deviation, LEAST_DEVIATION)
  return deviations >= STRONG ? 'strong' : deviations >= RELATED ? 'related' : 'weak'
}

/** Whether a passage is near in meaning at all: nearer than chance. */
export const isRelated = (cosine: number, background: Background): boolean => strengthOfCosine(cosine, background) !== 'weak'

/** Hits for words are never cut off: they are exact, whatever the meaning says. */
export const isAtLeast = (strength: Strength, minimum: SimilarQuery['minimumStrength']): boolean =>
  strength === 'words' || ORDER.indexOf(strength) >= ORDER.indexOf(minimum)
