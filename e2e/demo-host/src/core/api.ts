/** Nobody is signed in. */
export class Unauthorized extends Error {}

/** A GET on the server of the page, as the signed-in user. */
export async function getJson(path: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, ...signal && { signal } })
  if (response.status === 401) throw new Unauthorized(`${path} wants a sign-in`)
  if (!response.ok) throw new Error(`${path.split('?')[0] ?? path} answered ${response.status}`)
  return await response.json() as Record<string, unknown>
}

export interface Api {
  sendAction: (url: string, config?: { method?: string, data?: unknown }) => Promise<unknown>
}

const csrfToken = (): string => /(?:^|; )_ds_csrf_token=([^;]*)/.exec(document.cookie)?.[1] ?? ''

/** Datashare's client of its own server: rejects on an error status, and repeats the anti-forgery token. */
export const api: Api = {
  async sendAction(url, { method = 'GET', data } = {}) {
    const headers = { 'accept': 'application/json', 'content-type': 'application/json', 'X-DS-CSRF-TOKEN': csrfToken() }
    const response = await fetch(url, { method, headers, ...data !== undefined && { body: JSON.stringify(data) } })
    if (!response.ok) throw new Error(`${url.split('?')[0] ?? url} answered ${response.status}`)
    const text = await response.text()
    return text === '' ? '' : JSON.parse(text) as unknown
  },
}
