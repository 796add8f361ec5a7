import { z } from 'zod'

export const CheckSchema = z.object({ ok: z.boolean(), code: z.string().optional() })

export const ReadySchema = z.object({
  ready: z.boolean(),
  checks: z.object({ model: CheckSchema, store: CheckSchema, elasticsearch: CheckSchema, datashare: CheckSchema, temporal: CheckSchema.optional() }),
}).meta({ id: 'Ready' })

export const LiveSchema = z.object({ live: z.literal(true) }).meta({ id: 'Live' })

export const InfoSchema = z.object({
  version: z.string(),
  apiVersion: z.int(),
  datashare: z.object({ reachable: z.boolean(), version: z.string().nullable() }),
  model: z.string(),
  store: z.enum(['lancedb', 'elasticsearch']),
  engine: z.enum(['local', 'temporal']),
}).meta({ id: 'Info' })

export const ModelSchema = z.object({
  id: z.string(),
  dimensions: z.int(),
  maxTokens: z.int(),
  /** ISO 639-1 codes, or ["*"] for a multilingual model; none where nobody says. */
  languages: z.array(z.string()),
  licence: z.string(),
  /** Size of its files. */
  bytes: z.int(),
  bundled: z.boolean(),
  installed: z.boolean(),
  inUse: z.boolean(),
}).meta({ id: 'Model' })

export const ModelsSchema = z.object({ items: z.array(ModelSchema) }).meta({ id: 'Models' })
