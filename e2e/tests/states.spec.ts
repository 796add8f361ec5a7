import { expect, test, type Page } from '@playwright/test'
import { API_VERSION_HEADER, ERRORS, type ErrorCode } from '@datashare-similarity/shared'
import type { Demo } from 'datashare-similarity/demo/demo'
import { addressOf, startDemo, vectorize } from '../support/demo.ts'
import { ask, openSimilar, resultLinks, results } from '../support/page.ts'

// Answers that a test changes have no address of their own, and would be taken for another network's.
test.use({ launchOptions: async ({ launchOptions }, use) => use({ ...launchOptions, args: [...launchOptions.args ?? [], '--disable-features=LocalNetworkAccessChecks'] }) })

const QUESTION = 'a crane with worn ropes'
const CRANE = 'inspections/2019/crane-4.docx'

/** What the real companion answers, changed on its way. */
async function changed(page: Page, address: string, part: object): Promise<void> {
  await page.route(address, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...await response.json() as object, ...part } })
  })
}

async function refused(page: Page, code: ErrorCode): Promise<void> {
  const { status, title, why, fix } = ERRORS[code]
  await page.route('**/similar', async (route) => {
    const headers = { 'Access-Control-Allow-Origin': new URL(page.url()).origin, 'Access-Control-Allow-Credentials': 'true' }
    if (route.request().method() === 'OPTIONS') await route.fallback()
    else await route.fulfill({ status, headers, json: { title, status, code, detail: why, fix, requestId: 'r-1' } })
  })
}

test.describe('a state that the companion is seldom in', () => {
  let demo: Demo

  test.beforeAll(async () => {
    demo = await startDemo()
    await vectorize(demo, 'harbour')
  })
  test.afterAll(() => demo[Symbol.asyncDispose]())
  test.beforeEach(({ page }) => page.goto(demo.pageUrl))

  test('a server of another version is named, and nothing that it says is shown', async ({ page }) => {
    await page.route('**/similar', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, headers: { ...response.headers(), [API_VERSION_HEADER.toLowerCase()]: '99' } })
    })
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar.getByRole('alert')).toContainText('versions that do not work together')
    await expect(resultLinks(sidebar)).toHaveCount(0)
  })

  test('who is signed out is led to the sign-in', async ({ page }) => {
    await refused(page, 'anonymous')
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar.getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '#/login')
  })

  test('results by words only are said to be so', async ({ page }) => {
    await changed(page, '**/similar', { degraded: 'words-only' })
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar).toContainText('these results are found by words only')
    await page.unroute('**/similar')
    await sidebar.getByRole('button', { name: 'Try again' }).click()
    await expect(sidebar).not.toContainText('by words only')
  })

  test('a part of the documents, a rebuild, changed documents and a model that does not fit are told', async ({ page }) => {
    const coverage = { documents: 100, vectorized: 63, empty: 0, failed: 0, missing: 37, stale: 3, truncated: 0 }
    await changed(page, '**/similar', { coverage })
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar).toContainText('Results from 63% of the documents')
    await expect(sidebar).toContainText('3 documents have changed')

    const task = { id: 't', project: 'harbour', state: 'RUNNING', phase: 'embedding', mode: 'rebuild', progress: 0.4, counts: {} }
    await changed(page, '**/api/projects/harbour', { task, advice: ['model_language_mismatch'] })
    await sidebar.getByText('Meaning', { exact: true }).click()
    await expect(sidebar).toContainText('vectorized anew (40%)')
    await expect(sidebar).toContainText('does not know every language')
  })

  test('a document without text is told to be the reason', async ({ page }) => {
    await changed(page, '**/similar', { results: [{ query: { like: true }, documents: [], hasMore: false }] })
    await changed(page, '**/api/projects/harbour/documents/*', { status: 'empty' })
    const panel = await openSimilar(page, demo, await addressOf(demo, 'harbour', CRANE))
    await expect(panel).toContainText('No similar documents')
    await expect(panel).toContainText('This document has no text')
  })

  test('a search that takes long says why, behind its skeleton', async ({ page }) => {
    let go = (): void => undefined
    const held = new Promise<void>((resolve) => { go = resolve })
    await page.route('**/similar', async (route) => {
      await held
      await route.continue()
    })
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar.locator('.placeholder').first()).toBeVisible()
    await expect(sidebar).toContainText('Still searching')
    go()
    await expect(results(sidebar).first()).toBeVisible()
  })
})
