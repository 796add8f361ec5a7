/*
 * `npm run screenshots [-- names]`: makes the pictures of docs/images anew from the demo, so that they show what there is: each view in the
 * light, in the dark and on a phone. With names, only those views.
 */
import { join } from 'node:path'
import { chromium, expect as expecting, type BrowserContextOptions, type Locator, type Page } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'
import sharp from 'sharp'
import config from './playwright.config.ts'
import { addressOf, ROOT, startDemo } from './support/demo.ts'
import { lookOften, projectBlock, resultLinks, results, searchToggler, similarPanel, similarToggler } from './support/page.ts'

const QUESTION = 'physicians rewarded with a luxury boat holiday'
const REPORT = 'medical/2015/kalix3-lab-report.pdf'
const MEMO = 'memos/2013/shelf-renewal-2013.docx'
const COLORS = 128
/** A machine that has other work takes its time; a picture is no test. */
const expect = expecting.configure({ timeout: 600_000 })

const light: BrowserContextOptions = { viewport: { width: 1440, height: 900 }, locale: 'en-US', colorScheme: 'light' }
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = { '': light, '-dark': { ...light, colorScheme: 'dark' }, '-mobile': { ...light, viewport: { width: 420, height: 900 } } }

const names = process.argv.slice(2)
await using demo = await startDemo()
const browser = await chromium.launch(config.use?.launchOptions)

const visible = (within: Locator): Promise<void> => expect(results(within).first()).toBeVisible()
const open = async (page: Page, path: string): Promise<unknown> => page.goto(`${demo.pageUrl}${path}`)
const openDocument = async (page: Page, path: string, more = ''): Promise<unknown> => open(page, `${await addressOf(demo, 'meridian', path)}${more}`)

/** In small batches, as documents are counted when theirs is stored: about half of them. One run after the other serves every look. */
async function vectorizing(page: Page): Promise<void> {
  await lookOften(page)
  await start(demo)
  await open(page, '/#/project/meridian')
  await expect(projectBlock(page)).toContainText(/[1-9]\d of 98 documents · .* left/)
}

async function start({ companionUrl }: Demo): Promise<void> {
  await fetch(`${companionUrl}/api/projects/meridian/vectorize`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"mode":"rebuild","batchSize":8}' })
}

async function vectorized(page: Page): Promise<void> {
  await open(page, '/#/project/meridian')
  await expect(projectBlock(page)).toContainText('97 of 98 vectorized')
}

async function sidebar(page: Page): Promise<void> {
  await open(page, '/#/?indices=meridian')
  await searchToggler(page).click()
  await page.getByLabel('Describe what you look for').fill(QUESTION)
  await page.getByRole('button', { name: 'Search', exact: true }).last().click()
  await visible(page.locator('.similarity-sidebar, .similarity-drawer'))
}

async function beside(page: Page, path = REPORT): Promise<Locator> {
  await openDocument(page, path)
  await similarToggler(page).click()
  await visible(similarPanel(page))
  return similarPanel(page)
}

const VIEWS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  project: vectorizing,
  async insights(page) {
    await vectorized(page)
    await page.getByRole('region', { name: 'Insights on similarity' }).scrollIntoViewIfNeeded()
  },
  async tasks(page) {
    await open(page, '/#/tasks/vectorizations')
    await expect(page.getByRole('table')).toContainText('Done')
  },
  async projects(page) {
    await open(page, '/#/project')
    await expect(page.getByRole('link', { name: /Vectorized, up to date/ }).first()).toBeVisible({ timeout: 120_000 })
  },
  sidebar,
  async list(page) {
    await open(page, '/#/?indices=meridian')
    await page.getByRole('button', { name: /^Find similar to/ }).first().click()
    await visible(page.locator('.similarity-sidebar, .similarity-drawer'))
  },
  document: beside,
  async tab(page) {
    await openDocument(page, REPORT, '&tab=similar')
    await visible(page.locator('.similarity-tab'))
  },
  async passage(page) {
    const panel = await beside(page)
    await panel.getByRole('button', { name: 'Keep this one' }).click()
    await resultLinks(panel).first().click()
    await expect(page.getByText('The similar passage is marked below.')).toBeVisible()
  },
  async copies(page) {
    const panel = await beside(page, MEMO)
    await panel.getByRole('button', { name: 'This document has 3 near-identical copies' }).click()
    await panel.getByRole('button', { name: 'Compare the texts' }).first().click()
    await expect(page.getByRole('dialog').getByRole('table')).toBeVisible()
  },
}

/** Few colours are enough for a page, and make a file a third as large. */
async function picture(name: string, options: BrowserContextOptions, arrange: (page: Page) => Promise<unknown>): Promise<void> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await arrange(page)
  await page.evaluate(() => document.fonts.ready)
  const taken = await page.screenshot({ animations: 'disabled' })
  await sharp(taken).png({ palette: true, colours: COLORS, compressionLevel: 9 }).toFile(join(ROOT, 'docs', 'images', `${name}.png`))
  await context.close()
}

try {
  if (names.length > 0) await start(demo)
  for (const [view, arrange] of Object.entries(VIEWS)) {
    if (names.length > 0 && !names.includes(view)) continue
    if (view !== 'project') await settled()
    for (const [look, options] of Object.entries(LOOKS)) await picture(`${view}${look}`, options, arrange)
  }
} finally {
  await browser.close()
}

async function settled(): Promise<void> {
  const page = await browser.newPage()
  await vectorized(page)
  await expect(projectBlock(page)).not.toContainText('Being vectorized')
  await page.close()
}
