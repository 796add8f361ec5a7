import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Locator, type Page } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'

/** The plugin's parts in the page, as a reader finds them. */
export const projectBlock = (page: Page): Locator => page.getByRole('region', { name: 'Similarity', exact: true })
export const searchToggler = (page: Page): Locator => page.getByRole('button', { name: 'Search by meaning', exact: true })
export const searchSidebar = (page: Page): Locator => page.getByRole('complementary', { name: 'Search by meaning' })
export const similarToggler = (page: Page): Locator => page.getByRole('button', { name: 'Similar', exact: true })
export const similarPanel = (page: Page): Locator => page.locator('.card-panel').filter({ has: page.getByRole('heading', { name: 'Similar documents' }) })
export const results = (within: Locator): Locator => within.getByRole('article')
export const resultLinks = (within: Locator): Locator => within.getByRole('heading', { level: 3 }).getByRole('link')
export const openedDocument = (page: Page): Locator => page.getByRole('heading', { level: 1 })

/** Opens the query sidebar of some projects and asks. */
export async function ask(page: Page, demo: Demo, projects: string, question: string): Promise<Locator> {
  await page.goto(`${demo.pageUrl}/#/?indices=${projects}`)
  const sidebar = searchSidebar(page)
  if (!await sidebar.isVisible()) await searchToggler(page).click()
  await askAgain(sidebar, question)
  return sidebar
}

export async function askAgain(within: Locator, question: string): Promise<void> {
  await within.getByLabel('Describe what you look for').fill(question)
  await within.getByRole('button', { name: 'Search', exact: true }).click()
}

/** Opens a document with its Similar panel. */
export async function openSimilar(page: Page, demo: Demo, address: string): Promise<Locator> {
  await page.goto(`${demo.pageUrl}${address}`)
  await similarToggler(page).click()
  return similarPanel(page)
}

/** Signs in as Datashare's own form does: the cookies are the browser's from here on. */
export async function signIn(page: Page, demo: Demo, username: string, password: string): Promise<void> {
  await page.goto(demo.pageUrl)
  const status = await page.evaluate(async (login) => {
    const answer = await fetch('/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(login) })
    return answer.status
  }, { username, password })
  expect(status).toBe(200)
  await page.reload()
}

/** Takes the least of the pauses between two looks at a task: a small collection is soon done. */
export async function lookOften(page: Page): Promise<void> {
  await page.addInitScript(() => { Math.random = () => 0 })
}

/** Collects what should not happen in a page: errors and warnings in its console, and requests to anybody but the page's server and the companion. */
export function watch(page: Page, demo: Demo): string[] {
  const faults: string[] = []
  const allowed = [demo.pageUrl, demo.companionUrl]
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', error => faults.push(`error: ${error.message}`))
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && !allowed.includes(origin)) faults.push(`request to ${origin}`)
  })
  return faults
}

/** No serious or critical violation of the accessibility rules inside of the plugin's own parts. */
export async function expectAccessible(page: Page, ...parts: readonly string[]): Promise<void> {
  const builder = new AxeBuilder({ page })
  for (const part of parts) builder.include(part)
  const { violations } = await builder.analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([])
}

/** Whether the page is no wider than its window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const { wide, window: width } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, window: window.innerWidth }))
  expect(wide).toBeLessThanOrEqual(width)
}
