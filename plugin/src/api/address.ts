import { DEFAULT_PORT } from '@datashare-similarity/shared'

interface Page { readonly origin: string, readonly protocol: string, readonly hostname: string }

/**
 * Base address of the companion, without a slash at its end: Datashare's setting `similarityServer`
 * (an absolute http(s) address, or a path of the page's origin), else where it stands by default in each mode of Datashare.
 */
export function companionAddress(setting: unknown, mode: string | undefined, page: Page): string {
  return configuredAddress(setting, page) ?? (mode === 'SERVER' ? `${page.origin}/similarity` : `${page.protocol}//${page.hostname}:${DEFAULT_PORT}`)
}

/** The address that Datashare's setting gives; null where it gives none, or none that can be used. */
export function configuredAddress(setting: unknown, page: Page): string | null {
  if (typeof setting !== 'string' || setting.trim() === '' || !URL.canParse(setting.trim(), page.origin)) return null
  const url = new URL(setting.trim(), page.origin)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
