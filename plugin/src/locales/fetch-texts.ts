/** Asked while the script runs: afterwards the page does not say any more which one it was. */
const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : null

const PATIENCE_MS = 3_000

/** The texts of a language, which lie beside the script; null where they do not come. */
export async function fetchTexts(language: string): Promise<object | null> {
  if (script === null) return null
  try {
    const response = await fetch(new URL(`locales/${language}.json`, script), { signal: AbortSignal.timeout(PATIENCE_MS) })
    const texts: unknown = response.ok ? await response.json() : null
    return typeof texts === 'object' && !Array.isArray(texts) ? texts : null
  } catch {
    return null
  }
}
