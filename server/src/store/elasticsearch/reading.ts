import type { estypes } from '@elastic/elasticsearch'
import { z } from 'zod'
import { BANDS, type Fingerprint } from '../../passages/fingerprint.ts'
import type { DocumentCandidate, DocumentIdentity, DocumentRow, PassageCandidate, SampledPassage, StoredPassage } from '../store.ts'

/** Of a search: what is not there because a part of the index is away must not be taken for gone. */
export const WHOLE = { track_total_hits: false, allow_partial_search_results: false } as const

/** What is read back is checked against what the layout promises. */
const DocumentSchema = z.object({ documentId: z.string(), rootId: z.string(), language: z.string() })
const PlaceSchema = z.object({ ordinal: z.number(), start: z.number(), end: z.number(), text: z.string() })
const PassageSchema = DocumentSchema.extend(PlaceSchema.shape)
const SampleSchema = z.object({ documentId: z.string(), text: z.string() })
const RowSchema = z.object({
  documentId: z.string(), rootId: z.string(), extractionDate: z.string().nullable(), contentHash: z.string(), status: z.enum(['vectorized', 'empty', 'failed']),
  reason: z.string().nullable(), passages: z.number(), truncated: z.boolean(), language: z.string(), vectorizedAt: z.string(),
})
const sample = z.string().transform(text => new Uint32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer))
const bands = z.array(z.string()).length(BANDS).transform(all => Int32Array.from(all, band => Number(band.slice(band.indexOf(':') + 1))))
const FingerprintSchema = z.object({ bands, pairs: sample, numbers: sample, names: sample })
const IdentitySchema = z.object({ documentId: z.string(), contentHash: z.string(), bands: z.unknown().optional() })
const VectorSchema = z.object({ vector: z.tuple([z.string()]) })

export const DOCUMENT_FIELDS = Object.keys(DocumentSchema.shape)
export const PASSAGE_FIELDS = Object.keys(PassageSchema.shape)
export const STORED_PASSAGE_FIELDS = Object.keys(PlaceSchema.shape)
export const SAMPLE_FIELDS = Object.keys(SampleSchema.shape)
export const ROW_FIELDS = Object.keys(RowSchema.shape)
export const IDENTITY_FIELDS = ['documentId', 'contentHash', ...Object.keys(FingerprintSchema.shape)]

type Hit = estypes.SearchHit
const scoreOf = ({ _score }: Hit): number => _score ?? 0

/** A cosine similarity, from the score that Elasticsearch makes of it. */
export const toNearestPassage = (hit: Hit): PassageCandidate => ({ ...PassageSchema.parse(hit._source), score: 2 * scoreOf(hit) - 1 })

export const toWordsPassage = (hit: Hit): PassageCandidate => ({ ...PassageSchema.parse(hit._source), score: scoreOf(hit) })

export const toWordsDocument = (hit: Hit): DocumentCandidate => ({ ...DocumentSchema.parse(hit._source), score: scoreOf(hit) })

export const toRow = ({ _source }: Hit): DocumentRow => RowSchema.parse(_source)

export const toStoredPassage = (hit: Hit): StoredPassage => ({ ...PlaceSchema.parse(hit._source), embedding: embeddingOf(hit) })

export const toSample = (hit: Hit): SampledPassage => ({ ...SampleSchema.parse(hit._source), embedding: embeddingOf(hit) })

function embeddingOf({ fields }: Hit): Float32Array {
  const [vector] = VectorSchema.parse(fields).vector
  return new Float32Array(new Uint8Array(Buffer.from(vector, 'base64')).buffer)
}

export function toIdentity({ _source }: Hit): DocumentIdentity {
  const { documentId, contentHash, bands: given } = IdentitySchema.parse(_source)
  const fingerprint: Fingerprint | null = given === undefined ? null : FingerprintSchema.parse(_source)
  return { documentId, contentHash, fingerprint }
}
