import { homedir, availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { DEFAULT_PORT, SimilarityError } from '@datashare-similarity/shared'
import type { ElasticsearchConnection } from '../datashare/elasticsearch-client.ts'
import { isFolderName } from '../embedding/local-folder.ts'
import { DEVICES, type Device } from '../embedding/model.ts'
import type { TemporalAddress } from '../tasks/temporal/connection.ts'
import { MODELS } from './data-folder.ts'

export const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Every setting, with the shape it should have in the words of an operator. */
const settings = {
  DATASHARE_URL: httpUrl('http://localhost:8080'),
  ELASTICSEARCH_URL: httpUrl('http://localhost:9200'),
  ELASTICSEARCH_USER: optional(),
  ELASTICSEARCH_PASSWORD: optional(),
  ELASTICSEARCH_API_KEY: optional(),
  ELASTICSEARCH_CA: optional(),
  SIMILARITY_HOST: z.string().min(1, 'a host name or address').default('127.0.0.1'),
  SIMILARITY_PORT: port().default(DEFAULT_PORT),
  SIMILARITY_PUBLIC_URL: httpUrl().optional(),
  SIMILARITY_ALLOWED_ORIGINS: z.string().optional().transform(value => value?.split(',').map(origin => origin.trim()).filter(origin => origin !== ''))
    .refine(origins => origins === undefined || origins.every(isOrigin), 'origins such as https://datashare.example.org, separated by commas'),
  SIMILARITY_TRUST_PROXY: z.enum(['true', 'false'], 'true or false').default('false').transform(value => value === 'true'),
  SIMILARITY_VECTORIZE_ROLE: z.enum(['PROJECT_ADMIN', 'PROJECT_EDITOR', 'PROJECT_MEMBER'], 'PROJECT_ADMIN, PROJECT_EDITOR or PROJECT_MEMBER').default('PROJECT_EDITOR'),
  SIMILARITY_METRICS_PORT: port().optional(),
  SIMILARITY_DATA_DIR: optional(),
  SIMILARITY_MODEL: z.string().min(1, 'the id of a model, or the path of its folder').default('all-MiniLM-L6-v2').transform(value => (isFolderName(value) ? resolve(value) : value)),
  HF_ENDPOINT: httpUrl('https://huggingface.co'),
  SIMILARITY_STORE: z.enum(['lancedb', 'elasticsearch'], 'lancedb or elasticsearch').default('lancedb'),
  SIMILARITY_ENGINE: z.enum(['local', 'temporal'], 'local or temporal').default('local'),
  TEMPORAL_ADDRESS: z.string().regex(/^[^\s/:]+:\d+$/, 'host:port, such as localhost:7233').default('localhost:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1, 'the name of a namespace').default('datashare-default'),
  SIMILARITY_THREADS: integer(1, 64, Math.min(availableParallelism(), 4)),
  SIMILARITY_DEVICE: z.enum(DEVICES, DEVICES.join(', ')).default('cpu'),
  SIMILARITY_LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug'], 'silent, error, warn, info or debug').default('info'),
}

export interface Config {
  readonly datashareUrl: string
  readonly elasticsearch: ElasticsearchConnection
  readonly host: string
  readonly port: number
  /** Origins that a browser's page may have, exactly. */
  readonly allowedOrigins: readonly string[]
  /** Host names (without port) that a request may be addressed to. */
  readonly allowedHosts: readonly string[]
  readonly trustProxy: boolean
  /** Its address behind a reverse proxy; null where it has none of its own. */
  readonly publicUrl: string | null
  readonly vectorizeRole: 'PROJECT_ADMIN' | 'PROJECT_EDITOR' | 'PROJECT_MEMBER'
  /** Where Prometheus finds the metrics, on loopback; null where they are not served. */
  readonly metricsPort: number | null
  readonly dataDir: string
  readonly store: 'lancedb' | 'elasticsearch'
  readonly engine: 'local' | 'temporal'
  /** Asked where that is the engine. */
  readonly temporal: TemporalAddress
  /** The id of a model, or the absolute path of a folder. */
  readonly model: string
  /** Address of the hub that models are pulled from, or of a mirror: used when somebody pulls one, never by a running companion. */
  readonly modelHub: string
  readonly threads: number
  /** What models run on. */
  readonly device: Device
  readonly logLevel: string
}

/**
 * Reads the settings.
 * @throws SimilarityError configuration_wrong naming every wrong setting and the shape it should have
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = z.object(settings).safeParse(givenSettings(env))
  if (!parsed.success) {
    const detail = parsed.error.issues.map(issue => `${String(issue.path[0])}: should be ${issue.message}.`).join(' ')
    throw new SimilarityError('configuration_wrong', { detail })
  }
  const value = parsed.data
  if (value.SIMILARITY_ENGINE === 'temporal' && value.SIMILARITY_STORE !== 'elasticsearch') throw new SimilarityError('configuration_wrong', { detail: 'SIMILARITY_ENGINE=temporal needs SIMILARITY_STORE=elasticsearch: several machines cannot share the files of one data folder.' })
  const datashareUrl = value.DATASHARE_URL
  const allowedOrigins = value.SIMILARITY_ALLOWED_ORIGINS ?? defaultOrigins([datashareUrl, value.SIMILARITY_PUBLIC_URL])
  return {
    datashareUrl,
    elasticsearch: {
      url: value.ELASTICSEARCH_URL,
      ...present('username', value.ELASTICSEARCH_USER),
      ...present('password', value.ELASTICSEARCH_PASSWORD),
      ...present('apiKey', value.ELASTICSEARCH_API_KEY),
      ...present('caFile', value.ELASTICSEARCH_CA),
    },
    host: value.SIMILARITY_HOST,
    port: value.SIMILARITY_PORT,
    allowedOrigins,
    allowedHosts: hostsOf(allowedOrigins, value.SIMILARITY_PUBLIC_URL, value.SIMILARITY_HOST),
    trustProxy: value.SIMILARITY_TRUST_PROXY,
    publicUrl: value.SIMILARITY_PUBLIC_URL ?? null,
    vectorizeRole: value.SIMILARITY_VECTORIZE_ROLE,
    metricsPort: value.SIMILARITY_METRICS_PORT ?? null,
    dataDir: value.SIMILARITY_DATA_DIR ?? defaultDataDir(env),
    store: value.SIMILARITY_STORE,
    engine: value.SIMILARITY_ENGINE,
    temporal: { address: value.TEMPORAL_ADDRESS, namespace: value.TEMPORAL_NAMESPACE },
    model: value.SIMILARITY_MODEL,
    modelHub: value.HF_ENDPOINT,
    threads: value.SIMILARITY_THREADS,
    device: value.SIMILARITY_DEVICE,
    logLevel: value.SIMILARITY_LOG_LEVEL,
  }
}

/** Where models lie that do not come with the package. */
export const modelsDirOf = (dataDir: string): string => join(dataDir, MODELS)

/** An empty variable counts as not set: everything that reads the environment reads it through this. */
export const givenSettings = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined || value.trim() === '' ? [] : [[name, value.trim()]])))

export const isLoopback = (host: string): boolean => LOOPBACK.includes(host) || host === '::1'

/** Of a loopback address both names, because people type either. */
function defaultOrigins(urls: readonly (string | undefined)[]): string[] {
  const origins = urls.filter(url => url !== undefined).flatMap((text) => {
    const url = new URL(text)
    if (!isLoopback(url.hostname)) return [url.origin]
    const port = url.port === '' ? '' : `:${url.port}`
    return ['localhost', '127.0.0.1'].map(host => `${url.protocol}//${host}${port}`)
  })
  return [...new Set(origins)]
}

function hostsOf(origins: readonly string[], publicUrl: string | undefined, host: string): string[] {
  const named = [...origins, ...(publicUrl === undefined ? [] : [publicUrl])].map(origin => new URL(origin).hostname)
  return [...new Set([...named, host.includes(':') ? `[${host}]` : host.toLowerCase(), ...(isLoopback(host) ? LOOPBACK : [])])]
}

function defaultDataDir(env: Readonly<Record<string, string | undefined>>): string {
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] ?? homedir(), 'datashare-similarity')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'datashare-similarity')
  return join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'datashare-similarity')
}

function httpUrl(): z.ZodType<string, string>
function httpUrl(fallback: string): z.ZodDefault<z.ZodType<string, string>>
function httpUrl(fallback?: string): z.ZodType {
  const url = z.string().refine(isHttpUrl, 'an address such as http://localhost:8080, without user and password').transform(value => value.replace(/\/+$/, ''))
  return fallback === undefined ? url : url.default(fallback)
}

/** Credentials have settings of their own: in an address they would be printed with it. */
function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return ['http:', 'https:'].includes(protocol) && username === '' && password === ''
}

function isOrigin(value: string): boolean {
  return isHttpUrl(value) && new URL(value).origin === value
}

function port() {
  return whole(0, 65_535)
}

function integer(min: number, max: number, fallback: number) {
  return whole(min, max).default(fallback)
}

function whole(min: number, max: number) {
  const shape = `a whole number from ${min} to ${max}`
  return z.string().regex(/^\d+$/, shape).transform(Number).refine(value => value >= min && value <= max, shape)
}

function optional() {
  return z.string().optional()
}

const present = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  value === undefined ? {} : { [key]: value } as Record<K, string>
