import type { BrowserContextOptions, LaunchOptions, Page } from '@playwright/test'
import { ERRORS, type ErrorCode } from '@datashare-similarity/shared'

interface Fixtures { launchOptions: LaunchOptions, contextOptions: BrowserContextOptions }

/** For tests that change answers on their way: such answers have no address of their own, and would be taken for another network's. */
export const changingAnswers = {
  launchOptions: async ({ launchOptions }: Pick<Fixtures, 'launchOptions'>, use: (options: LaunchOptions) => Promise<void>): Promise<void> =>
    use({ ...launchOptions, args: [...launchOptions.args ?? [], '--disable-features=LocalNetworkAccessChecks'] }),
}

/** What the real companion answers, changed on its way. */
export async function changed(page: Page, address: string, part: object): Promise<void> {
  await page.route(address, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...await response.json() as object, ...part } })
  })
}

/** Whatever is searched for, the companion refuses it. */
export async function refused(page: Page, code: ErrorCode): Promise<void> {
  const { status, title, why, fix } = ERRORS[code]
  await page.route('**/similar', async (route) => {
    const headers = { 'Access-Control-Allow-Origin': new URL(page.url()).origin, 'Access-Control-Allow-Credentials': 'true' }
    if (route.request().method() === 'OPTIONS') await route.fallback()
    else await route.fulfill({ status, headers, json: { title, status, code, detail: why, fix, requestId: 'r-1' } })
  })
}

/** The companion says another version than the plugin's. */
export async function ofAnotherVersion(page: Page, header: string): Promise<void> {
  await page.route('**/similar', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, headers: { ...response.headers(), [header.toLowerCase()]: '99' } })
  })
}

/** The companion does not answer before the returned function is called. */
export async function held(page: Page): Promise<() => void> {
  let go = (): void => undefined
  const released = new Promise<void>((resolve) => { go = resolve })
  await page.route('**/similar', async (route) => {
    await released
    await route.continue()
  })
  return go
}
