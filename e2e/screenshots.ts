/*
 * `npm run screenshots`: makes the pictures of docs/images anew from the demo, so that they show what there is.
 */
import { join } from 'node:path'
import { chromium, expect, type Browser, type BrowserContextOptions, type Page } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'
import config from './playwright.config.ts'
import { addressOf, ROOT, startDemo } from './support/demo.ts'
import { ask, lookOften, openSimilar, projectBlock, resultLinks, results, similarPanel } from './support/page.ts'

const QUESTION = 'physicians rewarded with a luxury boat holiday'
const DOCUMENT = 'medical/2015/kalix3-lab-report.pdf'

const wide: BrowserContextOptions = { viewport: { width: 1440, height: 900 }, locale: 'en-US' }
const narrow: BrowserContextOptions = { ...wide, viewport: { width: 420, height: 900 } }

async function picture(browser: Browser, name: string, options: BrowserContextOptions, arrange: (page: Page) => Promise<unknown>): Promise<void> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await arrange(page)
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: join(ROOT, 'docs', 'images', `${name}.png`), animations: 'disabled' })
  await context.close()
}

/** In small batches, as documents are counted when theirs is stored: about half of them. */
async function vectorizing(page: Page, demo: Demo): Promise<void> {
  await lookOften(page)
  await fetch(`${demo.companionUrl}/api/projects/meridian/vectorize`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"batchSize":8}' })
  await page.goto(`${demo.pageUrl}/#/project/meridian`)
  await expect(projectBlock(page)).toContainText(/[1-9]\d of 98 documents · .* left/, { timeout: 60_000 })
}

async function beside(page: Page, demo: Demo): Promise<void> {
  const panel = await openSimilar(page, demo, await addressOf(demo, 'meridian', DOCUMENT))
  await expect(results(panel).first()).toBeVisible()
}

async function atPassage(page: Page, demo: Demo): Promise<void> {
  await beside(page, demo)
  const panel = similarPanel(page)
  await panel.getByRole('button', { name: 'Keep this one' }).click()
  await resultLinks(panel).first().click()
  await expect(page.getByText('The similar passage is marked below.')).toBeVisible()
}

await using demo = await startDemo()
const browser = await chromium.launch(config.use?.launchOptions)
try {
  await picture(browser, 'project', wide, page => vectorizing(page, demo))
  await picture(browser, 'sidebar', wide, async (page) => {
    await page.goto(`${demo.pageUrl}/#/project/meridian`)
    await expect(projectBlock(page)).toContainText('97 of 98 vectorized', { timeout: 60_000 })
    await expect(results(await ask(page, demo, 'meridian', QUESTION)).first()).toBeVisible()
  })
  await picture(browser, 'document', wide, page => beside(page, demo))
  await picture(browser, 'passage', wide, page => atPassage(page, demo))
  await picture(browser, 'document-dark', { ...wide, colorScheme: 'dark' }, page => beside(page, demo))
  await picture(browser, 'document-mobile', narrow, page => beside(page, demo))
} finally {
  await browser.close()
}
