import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'
import type { Credentials } from './access.ts'
import { askDatashare, unexpectedAnswer } from './datashare-client.ts'

const TIMEOUT = 5_000

const VersionSchema = z.object({ 'git.build.version': z.string() })
const SettingsSchema = z.object({ mode: z.string(), batchQueueType: z.string().optional(), taskRoutingStrategy: z.string().optional(), temporalNamespace: z.string().optional(), pluginsDir: z.string().optional() })

/** What Datashare tells anybody of its settings. */
export type DatashareSettings = z.infer<typeof SettingsSchema>

/** Status, and the value where it is a 200 of the expected shape. @throws SimilarityError anonymous | datashare_unreachable */
export async function askFor<T>(url: string, path: string, schema: z.ZodType<T>, credentials?: Credentials): Promise<{ status: number, value: T | undefined }> {
  const { status, body } = await askDatashare(url, { path, timeoutMilliseconds: TIMEOUT, ...credentials !== undefined && { credentials } })
  if (status === 401 || status === 403) throw new SimilarityError('anonymous')
  return { status, value: status === 200 ? schema.safeParse(body).data : undefined }
}

async function expected<T>(url: string, path: string, schema: z.ZodType<T>): Promise<T> {
  const { status, value } = await askFor(url, path, schema)
  if (value === undefined) throw unexpectedAnswer(status)
  return value
}

/** @throws SimilarityError anonymous | datashare_unreachable */
export const versionOf = async (url: string): Promise<string> => (await expected(url, '/version', VersionSchema))['git.build.version']

/** @throws SimilarityError anonymous | datashare_unreachable */
export const settingsOf = (url: string): Promise<DatashareSettings> => expected(url, '/settings', SettingsSchema)
