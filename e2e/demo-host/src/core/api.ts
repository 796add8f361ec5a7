/** Nobody is signed in. */
export class Unauthorized extends Error {}

/** A GET on the server of the page, as the signed-in user. */
export async function getJson(path: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, ...signal && { signal } })
  if (response.status === 401) throw new Unauthorized(`${path} wants a sign-in`)
  if (!response.ok) throw new Error(`${path.split('?')[0] ?? path} answered ${response.status}`)
  return await response.json() as Record<string, unknown>
}
