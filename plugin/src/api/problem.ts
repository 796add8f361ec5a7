import { CATALOGUE } from '../locales/catalogue.ts'
import type { WordedError } from '../locales/worded-errors.ts'

/** A refusal or failure of the companion, in words for the reader: what happened, and what fixes it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** One of the catalogue, or a newer companion's own. */
  readonly code: string
  readonly why: string
  readonly fix: string
  readonly requestId: string | null

  constructor({ code, why, fix, requestId = null }: { code: string, why: string, fix: string, requestId?: string | null }) {
    super(`${code}: ${why}`)
    this.code = code
    this.why = why
    this.fix = fix
    this.requestId = requestId
  }
}

export function catalogued(code: WordedError): ApiError {
  return new ApiError({ code, ...CATALOGUE[code] })
}

export const isCatalogued = (code: string | null): code is WordedError => code !== null && Object.hasOwn(CATALOGUE, code)

/** What only the plugin can know of the companion. */
export const OWN_ERRORS = {
  companion_not_configured: {
    why: 'No similarity server answers at its usual address, and Datashare names no other one.',
    fix: 'Start it with "datashare-similarity serve", or set similarityServer in the settings of Datashare to its address.',
  },
  companion_version: {
    why: 'The similarity server and this plugin are of versions that do not work together.',
    fix: 'Install the plugin and the server of the same release, then reload the page.',
  },
} as const

export function ownError(code: keyof typeof OWN_ERRORS): ApiError {
  return new ApiError({ code, ...OWN_ERRORS[code] })
}

/** Any fault as an ApiError, so that a state always has a code, a reason and a way out. */
export function toApiError(fault: unknown): ApiError {
  return fault instanceof ApiError ? fault : catalogued('internal')
}

/**
 * The error that an unsuccessful answer stands for. Whatever is not our problem document came from something else
 * at that address (a proxy, Datashare itself): then it is the companion that does not answer.
 */
export function problemOf(body: unknown): ApiError {
  if (typeof body !== 'object' || body === null || !('code' in body) || typeof body.code !== 'string') return catalogued('companion_unreachable')
  const text = (key: string): string | null => {
    const value: unknown = Reflect.get(body, key)
    return typeof value === 'string' ? value : null
  }
  return new ApiError({ code: body.code, why: text('detail') ?? text('title') ?? body.code, fix: text('fix') ?? '', requestId: text('requestId') })
}
